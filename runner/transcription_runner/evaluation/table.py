"""The report for people: aligned columns, one row a file while there are few, the total always."""

from transcription_runner.evaluation.report import Measures
from transcription_runner.evaluation.timing import TOLERANCES_MS

MOST_ROWS = 40
HEADER = [
    "file", "words", "WER", "subst.", "ins.", "del.", "CER", "DER", "DER .25",
    *(f"F1 {tolerance}ms" for tolerance in TOLERANCES_MS), "start med.", "start p95",
]  # fmt: skip


def table(files: dict[str, Measures], all_files: Measures) -> str:
    """Columns that no file has figures for are left out; of many files those with the most errors are shown."""
    shown = list(files)
    note = []
    if len(shown) > MOST_ROWS:
        shown = sorted(files, key=lambda name: -_errors(files[name]))[:MOST_ROWS]
        note = [f"the {MOST_ROWS} files with the most word errors, of {len(files)}:"]
    rows = [HEADER, *(_row(name, files[name]) for name in shown), _row(f"total of {len(files)}", all_files)]
    used = [index for index in range(len(HEADER)) if any(row[index] for row in rows[1:])]
    widths = [max(len(row[index]) for row in rows) for index in used]
    lines = [_line([row[index] or "-" for index in used], widths) for row in rows]
    rule = "-" * max(map(len, lines))
    return "\n".join([*note, lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = (
        cell.ljust(width) if index == 0 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _errors(measures: Measures) -> int:
    words = measures.words
    return words.substitutions + words.insertions + words.deletions if words else 0


def _row(name: str, measures: Measures) -> list[str]:
    words, characters, speakers, times = measures.words, measures.characters, measures.speakers, measures.times
    return [
        name,
        *([str(words.reference), _percent(words.rate)] if words else ["", ""]),
        *([str(words.substitutions), str(words.insertions), str(words.deletions)] if words else ["", "", ""]),
        _percent(characters.rate) if characters else "",
        *([_percent(errors.rate) for errors in speakers] if speakers else ["", ""]),
        *([_percent(times.f1(tolerance)) for tolerance in TOLERANCES_MS] if times else [""] * len(TOLERANCES_MS)),
        *([_milliseconds(times.start_error(0.5)), _milliseconds(times.start_error(0.95))] if times else ["", ""]),
    ]


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.1f}%"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.0f} ms"
