"""The event that a sink gets: CloudEvents 1.0, the same bytes whoever makes it and whenever, and never a large one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operator.test_transitions import a_job_that_ran, seen
from tests.unit.operator.world import Job
from transcription_api.names import MAX_TRANSITION_MESSAGE, MAX_TRANSITIONS
from transcription_api.status import FileCounts, Phase, TranscriptionJobStatus, Transition
from transcription_api.transition import JOB_TRANSITION_SCHEMA
from transcription_operator.cloudevents.event import events

SCHEMA = json.loads((Path(__file__).parents[3] / "crds/schemas/job-transition.json").read_text())
OWNER = {"apiVersion": "transcription.whisperx.dev/v1alpha1", "kind": "TranscriptionSchedule", "name": "nightly", "uid": "u"}


def told(job: Job, after: int = 0, prefix: str = "") -> list[dict[str, Any]]:
    found = events(job.raw["metadata"], job.observed().resource.status, after, prefix)
    return [json.loads(event.body) for _, event in found]


def test_an_end_is_told_with_what_the_run_did() -> None:
    job = a_job_that_ran()
    *_, event = told(job)
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": event["id"],
        "source": "/apis/transcription.whisperx.dev/v1alpha1/namespaces/team/transcriptionjobs/calls",
        "type": "dev.whisperx.transcription.job.succeeded",
        "subject": job.job_name,
        "time": "2026-11-23T12:01:41Z",
        "datacontenttype": "application/json",
        "dataschema": JOB_TRANSITION_SCHEMA,
        "sequence": "0000000003",
    }
    assert {name: data[name] for name in ("namespace", "name", "uid", "number", "jobName", "phase", "reason")} == {
        "namespace": "team",
        "name": "calls",
        "uid": "uid-of-calls",
        "number": 3,
        "jobName": job.job_name,
        "phase": "Succeeded",
        "reason": "Completed",
    }
    assert data["files"] == {"total": 1, "succeeded": 1, "skipped": 0, "failed": 0}
    assert data["completionTime"] == job.status["completionTime"]


def test_what_is_on_the_way_is_told_without_figures_that_would_be_others_a_moment_later() -> None:
    pending, running, _ = told(a_job_that_ran())
    assert [pending["type"], running["type"]] == [f"dev.whisperx.transcription.job.{phase}" for phase in ("pending", "running")]
    assert not {"files", "startTime", "audioSeconds"} & (set(pending["data"]) | set(running["data"]))


def test_what_is_told_already_is_left_out() -> None:
    job = a_job_that_ran()
    assert [event["data"]["number"] for event in told(job, after=2)] == [3]
    assert told(job, after=3) == []


def test_the_beginning_of_a_source_tells_clusters_apart() -> None:
    event = told(a_job_that_ran(), prefix="https://cluster-a.example.com")[0]
    assert event["source"].startswith("https://cluster-a.example.com/apis/transcription.whisperx.dev/")


def test_a_job_of_a_schedule_names_it_by_its_controller_and_not_by_a_label() -> None:
    job = a_job_that_ran()
    job.raw["metadata"]["ownerReferences"] = [OWNER]
    assert "schedule" not in told(job)[0]["data"]
    job.raw["metadata"]["ownerReferences"] = [{**OWNER, "controller": True}]
    assert told(job)[0]["data"]["schedule"] == "nightly"


def test_the_same_transition_gives_the_same_bytes_while_the_job_goes_on() -> None:
    job = a_job_that_ran()
    before = events(job.raw["metadata"], job.observed().resource.status, 0)
    job.raw["metadata"]["resourceVersion"] = "77"
    assert events(job.raw["metadata"], job.observed().resource.status, 0) == before
    seen(job.without_pods().asking(runId="again"), 200)
    after = events(job.raw["metadata"], job.observed().resource.status, 0)
    assert after[:2] == before[:2]
    assert after[2][1].id == before[2][1].id, "its figures are gone with its run, its id is not"


def test_no_two_transitions_share_an_id() -> None:
    job = a_job_that_ran()
    seen(job.without_pods().asking(runId="again"), 200)
    other = Job("notes")
    other.raw["status"] = job.raw["status"]
    ids = [event["id"] for event in told(job) + told(other)]
    assert len(set(ids)) == len(ids) == 8


def test_a_status_that_was_emptied_gives_no_id_twice() -> None:
    step = Transition(number=1, time=datetime(2026, 1, 1, tzinfo=UTC), job_name="calls-1", phase=Phase.PENDING, reason="R")
    later = step.model_copy(update={"time": step.time + timedelta(seconds=1)})
    metadata = a_job_that_ran().raw["metadata"]
    (one,), (two,) = (events(metadata, TranscriptionJobStatus(transitions=[s]), 0) for s in (step, later))
    assert one[1].id != two[1].id


@given(
    message=st.text(max_size=MAX_TRANSITION_MESSAGE),
    reason=st.text(min_size=1, max_size=128),
    manifest=st.text(max_size=2048),
    count=st.integers(1, MAX_TRANSITIONS),
)
def test_whatever_a_job_says_its_events_are_small_whole_and_as_the_schema_says(
    message: str, reason: str, manifest: str, count: int
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    steps = [
        Transition(number=n, time=moment, job_name="j" * 63, run_id="r" * 63, phase=phase, reason=reason, message=message or None)
        for n, phase in zip(range(1, count + 1), list(Phase) * 4, strict=False)
    ]
    status = TranscriptionJobStatus(transitions=steps, files=FileCounts(total=9), manifest=manifest, completion_time=moment)
    metadata = {"namespace": "n" * 63, "name": "x" * 253, "uid": "u" * 36}
    found = events(metadata, status, 0)
    assert [number for number, _ in found] == list(range(1, count + 1))
    for _, event in found:
        assert len(event.body) < 20_000
        document = json.loads(event.body)
        jsonschema.validate(document["data"], SCHEMA)
        assert document["data"].get("message") == (message or None)
