"""What the measurements mean: what is wrong, what to know, and which batch size to take. Pure functions."""

from collections.abc import Iterator, Sequence

from transcription_runner.check.report import Finding, Gpu, Machine, ModelUse, Speed, Words

MOST_WORD_ERRORS = 0.35
"""The clip is a telephone talk of two people: Whisper base stays below this, and any larger model far below."""
LEAST_TIMED = 0.9
"""Of the words, where word times are asked for."""
CLOSE = 0.95
"""A batch size as fast as this share of the fastest is as good, and a smaller one takes less memory."""
CUDA_12_DRIVER = 525
HOPPER_DRIVER = 570
HOPPER = (9, 0)
HALF_PRECISION = (7, 0)
SPEED_BUDGET_SECONDS = {"cuda": 300.0, "cpu": 120.0}
SIZES = {"cuda": (1, 2, 4, 8, 16, 32), "cpu": (1, 2, 4, 8)}


def findings(machine: Machine, models: Sequence[ModelUse], words: Words | None, speeds: Sequence[Speed]) -> list[Finding]:
    """What a reader should know, faults first."""
    found = [*(_of_words(words) if words else ()), *_of_models(models), *_of_speeds(speeds), *_of_gpu(machine.gpu)]
    return sorted(found, key=lambda finding: not finding.failed)


def advised_batch_size(speeds: Sequence[Speed]) -> int | None:
    """The smallest batch size that fits and is about as fast as the fastest; None where nothing was measured."""
    fitting = [speed for speed in speeds if speed.fitted]
    fastest = max((speed.factor for speed in fitting), default=0.0)
    return min((speed.batch_size for speed in fitting if speed.factor >= CLOSE * fastest), default=None)


def speed_plan(device: str, seconds_of_one: float, only: int | None = None) -> list[tuple[int, int]]:
    """(batch size, how often the clip is transcribed) of each measurement, as many as the time for them allows.

    `seconds_of_one`: how long the clip took alone; `only`: the one batch size that is asked for. The first measurement is
    always made.
    """
    plan: list[tuple[int, int]] = []
    spent = 0.0
    for size in (only,) if only else SIZES[device]:
        copies = max(8, 2 * size) if device == "cuda" else max(4, size)
        spent += copies * seconds_of_one
        if plan and spent > SPEED_BUDGET_SECONDS[device]:
            break
        plan.append((size, copies))
    return plan


def _of_words(words: Words) -> Iterator[Finding]:
    if words.error_rate > MOST_WORD_ERRORS:
        yield Finding(
            f"the words are wrong: word error rate {words.error_rate:.0%}, and at most {MOST_WORD_ERRORS:.0%} is expected of "
            f"Whisper base or better. Heard: {words.text[:300]!r}",
            failed=True,
        )
    if words.language != "en":
        yield Finding(f"the clip is English, and {words.language!r} was heard", failed=True)
    if words.words and words.timed_words < LEAST_TIMED * words.words:
        yield Finding(f"only {words.timed_words} of {words.words} words have times", failed=True)


def _of_models(models: Sequence[ModelUse]) -> Iterator[Finding]:
    for model in models:
        if model.absent:
            yield Finding(f"no {model.part} model is used: {model.absent}")


def _of_speeds(speeds: Sequence[Speed]) -> Iterator[Finding]:
    for speed in speeds:
        if not speed.fitted:
            yield Finding(f"memory does not hold batches of {speed.batch_size} chunks beside all models")


def _of_gpu(gpu: Gpu | None) -> Iterator[Finding]:
    if gpu is None:
        yield Finding("this ran on the CPU: it says nothing of a GPU")
        return
    yield Finding("the authors have not run this program on a GPU yet: please send them this page (docs/gpu.md)")
    major = driver_major(gpu.driver)
    if major is not None and major < CUDA_12_DRIVER:
        yield Finding(f"driver {gpu.driver} is older than {CUDA_12_DRIVER}, the first that serves CUDA 12", failed=True)
    elif major is not None and major < HOPPER_DRIVER and gpu.compute_capability >= HOPPER:
        yield Finding(
            f"CTranslate2 has no code for compute capability {_dotted(gpu.compute_capability)}, and driver {gpu.driver} may not "
            f"compile it: take driver {HOPPER_DRIVER} or newer, or the package cuda-compat in the image"
        )
    if gpu.compute_capability < HALF_PRECISION:
        yield Finding(f"compute capability {_dotted(gpu.compute_capability)} has no fast float16: try --compute-type int8")


def driver_major(driver: str | None) -> int | None:
    """570 of 570.86.15."""
    head = (driver or "").split(".")[0]
    return int(head) if head.isdigit() else None


def _dotted(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"
