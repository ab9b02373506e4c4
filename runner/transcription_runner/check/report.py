"""What a check found, as values: for the page, and as JSON for programs. Sizes in bytes, times in seconds."""

from dataclasses import asdict, dataclass, field
from typing import Any

REPORT_VERSION = "v1"


@dataclass(frozen=True)
class Machine:
    """Where it ran. What a machine does not tell, or has not, is None."""

    system: str
    processor: str
    threads: int
    memory_free_bytes: int
    versions: dict[str, str]
    gpu: "Gpu | None" = None


@dataclass(frozen=True)
class Gpu:
    """One CUDA device."""

    name: str
    index: int
    compute_capability: tuple[int, int]
    memory_total_bytes: int
    memory_free_bytes: int
    driver: str | None
    """The kernel driver's version, such as 570.86.15."""
    driver_cuda: str | None
    """The newest CUDA that the driver, or a cuda-compat package before it, serves."""
    runtime_cuda: str | None
    """The CUDA that torch is built for."""


@dataclass(frozen=True)
class ModelUse:
    """One model: what it takes."""

    part: str
    """recognition, voice activity, alignment or diarization."""
    name: str
    disk_bytes: int | None = None
    memory_bytes: int | None = None
    """By how much the memory in use grew: the device's on a GPU, the process's on a CPU."""
    load_seconds: float | None = None
    absent: str | None = None
    """Why it is not used here."""


@dataclass(frozen=True)
class Words:
    """The clip's transcript beside what is said in it."""

    language: str
    error_rate: float
    """Word error rate, 0 to 1 and above."""
    text: str
    words: int
    timed_words: int
    method: str | None
    """Where word times come from: ctc or attention."""
    speakers: int | None = None
    """How many speakers diarization heard; the clip has 2."""
    diarization_error_rate: float | None = None


@dataclass(frozen=True)
class Speed:
    """The clip, many times over, at one batch size."""

    batch_size: int
    audio_seconds: float
    wall_seconds: float
    stage_seconds: dict[str, float]
    """How long each stage worked; stages overlap."""
    peak_memory_bytes: int
    fitted: bool = True
    """Whether memory held batches of this size."""

    @property
    def factor(self) -> float:
        """Seconds of audio in a second."""
        return self.audio_seconds / self.wall_seconds if self.wall_seconds else 0.0


@dataclass(frozen=True)
class Finding:
    """Something that a reader should know. `failed`: it makes the check fail."""

    message: str
    failed: bool = False


@dataclass(frozen=True)
class Report:
    """All of it."""

    device: str
    compute_type: str
    machine: Machine
    models: list[ModelUse] = field(default_factory=list)
    words: Words | None = None
    speeds: list[Speed] = field(default_factory=list)
    advised_batch_size: int | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything is as it should be."""
        return not any(finding.failed for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        speeds = [{**asdict(speed), "factor": round(speed.factor, 2)} for speed in self.speeds]
        return {"version": REPORT_VERSION, "passed": self.passed, **asdict(self), "speeds": speeds}
