"""A runner pod's report on itself: in an annotation of the pod while it works, and in its termination message at its end.

The pod writes it and the operator reads it; nobody else has to. A reader takes nothing for granted: what is too long, is no JSON
or holds a figure that cannot be is no report.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from transcription_api.contract import Record
from transcription_api.names import MAX_PARALLELISM, MAX_REPORTED_FAILURES
from transcription_api.status import AudioSeconds, Bytes, Failure, FileCounts, Ignored, Stage, Survey, WordTimes

MOST_REPORT_BYTES = 16 * 1024
"""A longer annotation is refused by the admission policy, and not read."""
MOST_LANGUAGES = 128
MOST = 10**11
"""No count of files, words or seconds is larger."""
MOST_KINDS, MOST_ERROR = 8, 10.0
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


def _in_utc(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:
        raise ValueError("no clock says this")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def known_languages(counts: dict[str, int]) -> dict[str, int]:
    """The counts whose keys look like language codes, the MOST_LANGUAGES largest of them."""
    looks_right = {code: count for code, count in counts.items() if _LANGUAGE.fullmatch(code) and 0 <= count <= MOST}
    return dict(sorted(looks_right.items(), key=lambda one: (-one[1], one[0]))[:MOST_LANGUAGES])


Languages = Annotated[dict[str, int], AfterValidator(known_languages)]


class RunTotals(Record):
    """What a whole run did, over all shards, as its manifest says."""

    files: FileCounts
    processed_seconds: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    """Seconds of audio transcribed in this run."""
    languages: Languages = Field(default_factory=dict)
    word_times: WordTimes = WordTimes()


class Kind(Record):
    """The files of one suffix, as one pod sees them. What several pods learnt of it, the operator puts together."""

    suffix: Annotated[str, Field(max_length=16)]
    """In lower case; empty: those that nobody knows; others: all beyond the largest."""
    bytes: Bytes
    """In the files that the run has to do."""
    seconds: Annotated[float, Field(ge=0, le=MOST)]
    """Of audio, as far as this pod can tell."""
    opened_bytes: Bytes = 0
    """Of `bytes`, in files whose length this pod knows."""
    taught_bytes: Bytes = 0
    """In files whose length this pod knows, of this run or of earlier ones."""
    taught_seconds: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    """Of audio in `taught_bytes`."""
    error: Annotated[float, Field(ge=0, le=MOST_ERROR)] = 1.0
    """How far `seconds` may be off for the files whose length is not known: a standard error, as a share."""


class SeenSurvey(Survey):
    """What one pod saw of the source, in bytes."""

    stretch_seconds: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    """How long the file is that a second of audio is in, on an average: the sum of squared lengths by the sum of lengths."""
    kinds: Annotated[list[Kind], Field(max_length=MOST_KINDS)] = Field(default_factory=list)
    """The suffixes with most bytes, and the others as one."""
    error: Annotated[float, Field(ge=0, le=MOST_ERROR)] = 1.0
    """How far its audioSeconds.total may be off: a standard error, as a share of that total."""


class Worked(Record):
    """How fast a pod is."""

    audio_seconds: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    """What this very pod has transcribed since its first progress, and no other pod of its shard."""
    seconds: Annotated[float, Field(ge=0, le=MOST)] = 0.0
    """The time from its first progress, once its model was loaded and its stages were full, to its last."""


class ShardReport(Record):
    """What one runner pod says of itself."""

    index: Annotated[int, Field(ge=0, le=MAX_PARALLELISM - 1)]
    """The pod's completion index."""
    job_name: Annotated[str, Field(max_length=63)]
    """The child Job that the pod belongs to."""
    pod_name: Annotated[str, Field(max_length=253)]
    files: FileCounts = FileCounts()
    """succeeded and failed are this shard's own; total and skipped are what it saw of the whole source."""
    ignored: Ignored | None = None
    """What it saw of the whole source beside the files."""
    survey: SeenSurvey | None = None
    """What it saw of the whole source, in bytes."""
    worked: Worked | None = None
    """Since its model was loaded."""
    audio_seconds: AudioSeconds = AudioSeconds()
    """processed is this shard's own; total is its view of the whole run."""
    languages: Languages = Field(default_factory=dict)
    """Files by detected language, this shard's own."""
    word_times: WordTimes = WordTimes()
    """Where the times of words come from, this shard's own."""
    failures: Annotated[list[Failure], Field(max_length=MAX_REPORTED_FAILURES)] = Field(default_factory=list)
    """The first failures of this shard."""
    stage: Stage = Stage.UNSAID
    message: Annotated[str, Field(max_length=1024)] = ""
    """More on the stage, such as the store's last error."""
    manifest: Annotated[str, Field(max_length=2048)] | None = None
    """bucket/key of the manifest, from the pod that wrote it."""
    run: RunTotals | None = None
    """The whole run, from the pod that wrote the manifest."""
    last_update_time: Annotated[datetime, AfterValidator(_in_utc)]

    def encoded(self, most_bytes: int = MOST_REPORT_BYTES) -> str:
        """Compact JSON of at most `most_bytes`: the last of the listed failures go first, they stand in the ledger, too."""
        report = self
        while len((text := report.model_dump_json(by_alias=True, exclude_none=True)).encode()) > most_bytes and report.failures:
            report = report.model_copy(update={"failures": report.failures[:-1]})
        return text


def read_report(text: str | None) -> ShardReport | None:
    """The report that `text` holds; None for whatever else it holds."""
    if not text or len(text) > MOST_REPORT_BYTES or len(text.encode(errors="replace")) > MOST_REPORT_BYTES:
        return None
    try:
        report = ShardReport.model_validate_json(text)
    except ValidationError:
        return None
    return report if is_possible(report) else None


def is_possible(report: ShardReport) -> bool:
    """Whether every figure is one that a run can have: sums of them stay exact and fit into every field."""
    counts: list[FileCounts | WordTimes | AudioSeconds | Ignored] = [report.files, report.audio_seconds, report.word_times]
    if report.ignored:
        counts.append(report.ignored)
    if report.run:
        counts += [report.run.files, report.run.word_times]
    return all(value <= MOST for one in counts for value in one.model_dump().values())
