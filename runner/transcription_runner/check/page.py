"""A report as one page of plain text, to read and to paste into a ticket."""

from collections.abc import Iterator, Sequence

from transcription_runner.check.report import Gpu, Machine, ModelUse, Report, Speed, Words

GIB = 1 << 30
MIB = 1 << 20


def page(report: Report) -> str:
    """The page."""
    lines = [f"transcription-runner check: {'PASSED' if report.passed else 'FAILED'} on {report.device}", ""]
    for finding in report.findings:
        lines.append(f"  {'FAILED' if finding.failed else 'note'}: {finding.message}")
    if report.advised_batch_size:
        lines.append(f"  advice: --batch-size {report.advised_batch_size} (model.batchSize: {report.advised_batch_size})")
    for title, rows in (
        ("machine", _machine(report.machine, report.compute_type)),
        ("models", _models(report.models)),
        ("a clip of 30 s, two people on the telephone", _words(report.words)),
        ("speed: seconds of audio in a second, and how busy each stage was (stages overlap)", _speeds(report.speeds)),
    ):
        if shown := list(rows):
            lines += ["", title, *(f"  {row}".rstrip() for row in shown)]
    return "\n".join(lines) + "\n"


def size(count: int | None) -> str:
    """A number of bytes for people."""
    if count is None:
        return "-"
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines with aligned columns, the first to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        first, *others = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others])


def _machine(machine: Machine, compute_type: str) -> Iterator[str]:
    yield f"{machine.system}; {machine.processor}, {machine.threads} threads used; {size(machine.memory_free_bytes)} free"
    if machine.gpu:
        yield from _gpu(machine.gpu)
    yield f"computes in {compute_type}"
    yield ", ".join(f"{name} {version}" for name, version in machine.versions.items())


def _gpu(gpu: Gpu) -> Iterator[str]:
    yield (
        f"GPU {gpu.index}: {gpu.name}, compute capability {gpu.compute_capability[0]}.{gpu.compute_capability[1]}, "
        f"{size(gpu.memory_total_bytes)}, {size(gpu.memory_free_bytes)} free before loading"
    )
    served = gpu.driver_cuda or "unknown"
    yield f"driver {gpu.driver or 'unknown'}, serves CUDA {served}; torch is built for CUDA {gpu.runtime_cuda or 'none'}"


def _models(models: Sequence[ModelUse]) -> Iterator[str]:
    used = [model for model in models if not model.absent]
    if not used:
        return
    rows = [["", "on disk", "in memory", "loaded in", "name"]]
    for model in used:
        seconds = "-" if model.load_seconds is None else f"{model.load_seconds:.1f} s"
        rows.append([model.part, size(model.disk_bytes), size(model.memory_bytes), seconds, model.name])
    width = max(len(row[4]) for row in rows)
    yield from aligned([[*row[:4], row[4].ljust(width)] for row in rows])
    yield "in memory: growth of what is in use, with the work space of one chunk"


def _words(words: Words | None) -> Iterator[str]:
    if words is None:
        return
    yield f"word error rate {words.error_rate:.1%}, language {words.language}"
    yield f"{words.timed_words} of {words.words} words have times, by {words.method or 'no method'}"
    if words.speakers is not None:
        rate = words.diarization_error_rate
        yield f"{words.speakers} speakers heard, 2 speak" + ("" if rate is None else f"; diarization error rate {rate:.1%}")


def _speeds(speeds: Sequence[Speed]) -> Iterator[str]:
    stages = list(dict.fromkeys(stage for speed in speeds for stage in speed.stage_seconds))
    rows = [["batch size", "speed", "most memory", *stages]]
    for speed in speeds:
        busy = [
            f"{speed.stage_seconds.get(stage, 0.0) / speed.wall_seconds:.0%}" if speed.wall_seconds else "-" for stage in stages
        ]
        factor = f"{speed.factor:.1f}x" if speed.fitted else "does not fit"
        rows.append([str(speed.batch_size), factor, size(speed.peak_memory_bytes), *busy])
    if speeds:
        yield from aligned(rows)
