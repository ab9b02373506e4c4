"""Profiles: named settings that fill in what jobs leave out. One kind for a namespace, one for the whole cluster."""

from typing import Any, Literal

from pydantic import ConfigDict

from transcription_api.combinations import COMBINATIONS
from transcription_api.contract import Contract, rules
from transcription_api.job_settings import JobSettings
from transcription_api.names import API_VERSION
from transcription_api.structural import told


class ProfileSpec(JobSettings):
    """Settings for jobs that leave them out."""

    model_config = ConfigDict(
        json_schema_extra={**rules(*(combination.rule for combination in COMBINATIONS)), **told(JobSettings)}
    )


class TranscriptionProfile(Contract):
    """Settings that fill in what TranscriptionJobs of the namespace leave out: those that name it in spec.profileRef or,
    labelled transcription.whisperx.dev/default-profile: "true", those that name none."""

    api_version: Literal["transcription.whisperx.dev/v1alpha1"] = API_VERSION
    kind: Literal["TranscriptionProfile"] = "TranscriptionProfile"
    metadata: dict[str, Any]
    spec: ProfileSpec
    """Settings for jobs that leave them out. A change concerns runs that begin later."""


class ClusterTranscriptionProfile(Contract):
    """Settings that fill in what TranscriptionJobs of any namespace leave out: those that name it in spec.profileRef or,
    labelled transcription.whisperx.dev/default-profile: "true", those that name none, where their namespace has no default."""

    api_version: Literal["transcription.whisperx.dev/v1alpha1"] = API_VERSION
    kind: Literal["ClusterTranscriptionProfile"] = "ClusterTranscriptionProfile"
    metadata: dict[str, Any]
    spec: ProfileSpec
    """Settings for jobs that leave them out. A change concerns runs that begin later."""
