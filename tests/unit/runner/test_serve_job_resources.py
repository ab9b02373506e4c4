"""What a job of the service asks the cluster for, where its objects lie, and what is told of it."""

from typing import Any

import pytest

from transcription_api.spec import TranscriptionJobSpec
from transcription_runner.serve.jobs.place import NAME, Place, new_name
from transcription_runner.serve.jobs.resource import transcription_job
from transcription_runner.serve.jobs.state import WAITS, JobPhase, JobState, Waiting, position, read, state_of, waiting
from transcription_runner.serve.parameters import Parameters
from transcription_runner.serve.refusals import Refusal

JOB = f"speech-{'0' * 32}"
PLACE = Place(bucket="speech", prefix="service", endpoint="http://minio:9000", secret="keys", sources={"calls"}, model="large-v2")
ALWAYS = {
    "source": {"bucket": "speech", "keys": [f"service/uploads/{JOB}/recording.wav"]},
    "output": {"bucket": "speech", "prefix": f"service/transcripts/{JOB}/", "formats": ["json", "tsv", "txt", "vtt", "srt"]},
    "storage": {"endpoint": "http://minio:9000", "secretName": "keys"},
    "model": {"name": "large-v2"},
    "parallelism": 1,
    "maxFailedFiles": 0,
}


def made(owner: str | None = None, **parameters: Any) -> dict[str, Any]:
    return transcription_job(JOB, "team", PLACE.upload(JOB, "call.wav"), Parameters.model_validate(parameters), PLACE, owner)


def seen(**status: Any) -> JobState:
    about = {"uid": "u", "resourceVersion": "7", "creationTimestamp": "2026-12-01T00:00:00Z"}
    resource = made()
    job = read({**resource, "metadata": resource["metadata"] | about, "status": status})
    assert job is not None
    return state_of(job, 3)


def condition(kind: str, status: str, reason: str) -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": "secret: node-7",
        "lastTransitionTime": "2026-12-01T00:00:00Z",
    }


def test_what_a_request_leaves_out_is_left_to_profiles_and_the_operator() -> None:
    assert made()["spec"] == ALWAYS


def test_what_a_request_says_stands_in_the_spec_even_where_it_is_the_default() -> None:
    said: dict[str, Any] = {"language": "es", "task": "translate", "channels": "mix", "diarize": False, "word_timestamps": False}
    spec = made(**said, compute_type="int8")["spec"]
    assert spec == ALWAYS | {
        "model": {"name": "large-v2", "computeType": "int8"},
        "language": "es",
        "task": "translate",
        "diarization": {"enabled": False},
        "audio": {"channels": "mix"},
        "alignment": {"enabled": False},
    }
    asked = {"enabled": True, "minSpeakers": 2, "maxSpeakers": 3}
    assert made(diarize=True, min_speakers=2, max_speakers=3)["spec"]["diarization"] == asked
    assert TranscriptionJobSpec.model_validate(spec).language == "es"


def test_the_service_s_label_and_the_owner_s_mark_are_on_it() -> None:
    metadata = made("mark")["metadata"]
    assert metadata["labels"] == {"transcription.whisperx.dev/made-by": "service"}
    assert metadata["annotations"] == {"transcription.whisperx.dev/owner": "mark"}
    assert "annotations" not in made()["metadata"]


def test_names_cannot_be_guessed_and_are_names() -> None:
    names = {new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(NAME.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    ("name", "key"),
    [("Anna's call.MP3", "recording.mp3"), ("../../x.exe", "recording"), ("", "recording"), ("wav", "recording")],
)
def test_of_a_client_s_name_for_its_file_the_bucket_keeps_a_known_suffix_alone(name: str, key: str) -> None:
    assert PLACE.upload(JOB, name).keys == [f"service/uploads/{JOB}/{key}"]


def test_a_recording_may_be_named_in_the_jobs_bucket_and_in_those_that_are_listed() -> None:
    assert PLACE.source(JOB, "s3://calls/2026/ñ a.wav").keys == ["2026/ñ a.wav"]
    assert PLACE.source(JOB, "s3://speech/a.wav").bucket == "speech"
    with pytest.raises(Refusal) as refused:
        PLACE.source(JOB, "s3://secrets/a.wav")
    assert (refused.value.code, refused.value.allowed) == ("SourceNotAllowed", ["calls", "speech"])


@pytest.mark.parametrize(
    "address", ["", "calls/a.wav", "https://calls/a.wav", "s3://calls", "s3://calls/", "s3:///a.wav", "s3://calls/a/", "s3://C/a"]
)
def test_what_is_no_address_of_a_recording_is_refused(address: str) -> None:
    with pytest.raises(Refusal) as refused:
        PLACE.source(JOB, address)
    assert (refused.value.status, refused.value.param) == (422, "source")


def test_a_key_too_long_for_its_transcripts_is_refused_before_there_is_a_job() -> None:
    with pytest.raises(Refusal, match="too long"):
        PLACE.source(JOB, f"s3://calls/{'k' * 1000}.wav")


def test_a_job_that_waits_says_for_what_and_where_it_stands() -> None:
    state = seen()
    assert (state.phase, state.over, state.position, state.message) == (JobPhase.PENDING, False, 3, WAITS)
    state = seen(phase="Pending", conditions=[condition("Running", "False", "Unschedulable")])
    assert (state.reason, state.position) == ("Unschedulable", 3)


def test_a_job_that_runs_says_how_far_it_is_and_when_it_should_be_over() -> None:
    times = {"startTime": "2026-12-01T00:30:00Z", "estimatedCompletionTime": "2026-12-01T01:00:00Z"}
    state = seen(phase="Running", progress="25%", **times)
    assert (state.progress, state.position, state.reason, state.over) == (25, None, None, False)
    assert state.estimated_end is not None
    assert state.estimated_end.hour == 1


def test_a_job_that_is_over_says_where_its_transcript_is_or_why_there_is_none() -> None:
    done = seen(phase="Succeeded", completionTime="2026-12-01T01:00:00Z", estimatedCompletionTime="2026-12-01T01:00:00Z")
    assert (done.over, done.progress, done.transcript, done.estimated_end) == (True, 100, f"/jobs/{JOB}/transcript", None)
    failures = [{"key": "service/uploads/x", "reason": "DamagedAudio", "message": "it ends early"}]
    failed = seen(phase="Failed", failures=failures, conditions=[condition("Failed", "True", "TooManyFailedFiles")])
    assert (failed.over, failed.reason, failed.transcript) == (True, "TooManyFailedFiles", None)
    assert [(one.reason, one.message) for one in failed.failures] == [("DamagedAudio", "it ends early")]


def test_nothing_is_told_of_the_cluster_s_own_matters() -> None:
    for phase, kind, truth in (("Pending", "Running", "False"), ("Failed", "Failed", "True"), ("Suspended", "Suspended", "True")):
        state = seen(phase=phase, message="secret: node-7", conditions=[condition(kind, truth, "Because")])
        assert state.reason == "Because"
        assert "secret" not in state.model_dump_json()


def test_what_a_later_version_adds_to_a_job_stops_nobody_from_reading_it() -> None:
    assert seen(phase="Running", later={"and": "more"}).phase is JobPhase.RUNNING


def test_a_position_is_that_by_age_among_those_that_wait() -> None:
    line = [Waiting("2026-12-01T00:00:02Z", "c"), Waiting("2026-12-01T00:00:01Z", "b"), Waiting("2026-12-01T00:00:01Z", "a")]
    assert [position(name, line) for name in "abc"] == [1, 2, 3]
    assert position("not listed yet", line) == 4


@pytest.mark.parametrize(
    ("status", "waits"),
    [(None, True), ({}, True), ({"phase": "Pending"}, True), ({"phase": "Running"}, False), ({"phase": "Unheard-of"}, False)],
)
def test_who_waits_is_read_even_off_a_job_that_cannot_be_read_whole(status: Any, waits: bool) -> None:
    resource = {"metadata": {"name": "x", "creationTimestamp": "2026"}, "spec": "spoilt", "status": status}
    assert (waiting(resource) is not None) is waits
