"""The custom resource itself: TranscriptionJob."""

from typing import Any, Literal

from transcription_api.contract import Contract
from transcription_api.names import API_VERSION
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import TranscriptionJobStatus


class TranscriptionJob(Contract):
    """A batch of audio to transcribe: objects in an S3-compatible bucket in, transcripts beside them out."""

    api_version: Literal["transcription.whisperx.dev/v1alpha1"] = API_VERSION
    kind: Literal["TranscriptionJob"] = "TranscriptionJob"
    metadata: dict[str, Any]
    spec: TranscriptionJobSpec
    """What to transcribe, how, where the result goes and where the pods run."""
    status: TranscriptionJobStatus | None = None
    """How far the job is."""
