"""What a user asks for: the spec of a TranscriptionJob, with the rules that the API server enforces."""

from typing import Literal

from pydantic import ConfigDict

from transcription_api.combinations import COMBINATIONS, WITHOUT_PROFILE
from transcription_api.contract import Contract, rules
from transcription_api.job_settings import JobSettings
from transcription_api.patterns import DnsSubdomain, RunId
from transcription_api.source import Source
from transcription_api.structural import told


class ProfileReference(Contract):
    """A profile by name."""

    name: DnsSubdomain
    """The profile's name."""
    kind: Literal["TranscriptionProfile", "ClusterTranscriptionProfile"] = "TranscriptionProfile"
    """TranscriptionProfile: one of this namespace; ClusterTranscriptionProfile: one for all namespaces."""


_IMMUTABLE = "is immutable: create another TranscriptionJob, or set spec.runId to run again over new files"


def _immutable(*fields: str) -> list[tuple[str, str, str]]:
    """Transition rules. A field may be absent before or after; `.?` would cost too much to compare."""
    return [
        (
            f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
            f"spec.{field} {_IMMUTABLE}",
            f".{field}",
        )
        for field in fields
    ]


class TranscriptionJobSpec(JobSettings):
    """What to transcribe, how, where the result goes and where the pods run."""

    model_config = ConfigDict(
        json_schema_extra={
            **rules(
                *_immutable(
                    "source", "profileRef", "output", "storage", "model", "language", "task", "decoding", "vad", "alignment"
                ),
                *_immutable("audio", "languageDetection", "diarization", "compute", "backoffLimit"),
                *_immutable("activeDeadlineSeconds", "pendingDeadlineSeconds", "backoffLimitPerIndex", "estimateOnly"),
                *(combination.rule for combination in COMBINATIONS),
                *WITHOUT_PROFILE,
            ),
            **told(JobSettings),
        }
    )

    source: Source
    """Which objects to transcribe."""
    profile_ref: ProfileReference | None = None
    """The profile that says what is left out here. Without one a profile that is labelled as default does, if there is one."""
    estimate_only: bool = False
    """true: one pod without a GPU looks through the source, and the job ends with how much audio there is to do, how long that
    takes and what it costs; nothing is transcribed, and nothing is written to the buckets."""
    suspend: bool = False
    """true stops the pods and keeps what is done; false goes on. Mutable."""
    run_id: RunId = ""
    """Another value runs the job again: only new, changed and failed files are done. Mutable."""
