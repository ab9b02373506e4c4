"""Every transition reaches the sink, whatever becomes of sink and operator meanwhile; and no job waits for either."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import FOR_TESTS, Operator, eventually, rendered
from tests.integration.operator.pods import Transcription
from tests.integration.operator.sinks import SinkServer, running_sink, secret
from transcription_api.names import ANNOTATION_TOLD_UNTIL

SCHEMA = json.loads((Path(__file__).parents[3] / "crds/schemas/job-transition.json").read_text())
WHOLE = ["Pending", "Running", "Succeeded"]
Tellers = Callable[[], Operator]


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    with running_sink() as server:
        yield server


@pytest.fixture(scope="module")
def lease(team: Kubectl) -> str:
    """The Lease's name; the operator has the right to it that the chart gives it with a sink."""
    name = f"{team.namespace}-events"
    flags = (f"fullnameOverride={team.namespace}", f"watchNamespaces={{{team.namespace}}}")
    settings = (*FOR_TESTS, *flags, "events.url=http://sink", "events.existingSecret=sink")
    objects = [o for o in rendered("test", team.namespace, *settings) if o["metadata"]["name"] == name]
    assert sorted(o["kind"] for o in objects) == ["Role", "RoleBinding"]
    team("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return name


@pytest.fixture
def tellers(team: Kubectl, lease: str, operators: Callable[..., Operator], sink: SinkServer, tmp_path: Path) -> Tellers:
    """Makes operators that tell the sink."""
    events: dict[str, Any] = {"url": sink.url, "secretFolder": str(secret(tmp_path / "sink")), "timeoutSeconds": 2}
    team("delete", "lease", lease, "--ignore-not-found")
    return lambda: operators(events={**events, "lease": {"namespace": team.namespace, "name": lease, "seconds": 3}})


def tells(operator: Operator) -> bool:
    return "of transitions" in operator.log()


def suspended(team: Kubectl, name: str) -> Transcription:
    """The shortest of lives: one transition, at which nobody waits for any sink."""
    job = Transcription.apply(team, name, suspend=True)
    job.phase("Suspended")
    return job


def test_every_transition_is_told_once_signed_and_as_the_schema_says(
    team: Kubectl, lease: str, tellers: Tellers, sink: SinkServer
) -> None:
    operator = tellers()
    operator.start()
    eventually(lambda: tells(operator))
    job = Transcription.apply(team, "whole")
    (pod,) = job.pods()
    job.phase("Pending")
    job.pod_runs(pod)
    job.phase("Running")
    job.pod_ends(pod)
    job.phase("Succeeded")
    eventually(lambda: sink.told("whole") == WHOLE)
    assert len(sink.received) == 3, "each once"
    for number, one in enumerate(sink.taken, 1):
        assert one.is_signed()
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.event["source"].endswith(f"/namespaces/{team.namespace}/transcriptionjobs/whole")
        assert (one.event["subject"], one.event["data"]["number"]) == (job.status()["jobName"], number)
        jsonschema.validate(one.event["data"], SCHEMA)
    assert sink.taken[-1].event["data"]["files"] == job.status()["files"]
    assert [step["phase"] for step in job.status()["transitions"]] == WHOLE
    assert "transcription_operator_cloudevents_delivered_total 3.0" in operator.metrics()
    assert operator.stop() == 0
    left = team.get("lease", lease)
    assert left["spec"]["holderIdentity"] == "", "another operator goes on at once"
    assert int(left["metadata"]["annotations"][ANNOTATION_TOLD_UNTIL]) > 0


def test_what_happens_while_the_sink_is_away_is_told_when_it_is_back_and_no_job_waits_for_it_or_hears_it(
    team: Kubectl, tellers: Tellers, sink: SinkServer
) -> None:
    sink.status, sink.headers = 503, {"X-Said": "sesame"}
    operator = tellers()
    operator.start()
    eventually(lambda: tells(operator))
    job = suspended(team, "outage")
    eventually(lambda: "does not take events (ServerError: HTTP 503)" in operator.log())
    sink.stop()
    job.patch(suspend=False)
    job.phase("Pending")
    assert "transcription_operator_cloudevents_pending 2.0" in operator.metrics()
    assert "sesame" not in json.dumps(job.resource()) + operator.log()
    sink.status = 204
    sink.start()
    eventually(lambda: sink.told("outage") == ["Suspended", "Pending"])


def test_an_operator_that_is_killed_before_it_told_is_made_up_for_by_the_next(
    team: Kubectl, tellers: Tellers, sink: SinkServer
) -> None:
    sink.manners = "hangs"
    operator = tellers()
    operator.start()
    eventually(lambda: tells(operator))
    suspended(team, "killed")
    eventually(lambda: sink.received)
    operator.kill()
    assert sink.taken == []
    sink.manners = "answers"
    tellers().start()
    eventually(lambda: sink.told("killed") == ["Suspended"])


def test_of_two_operators_one_tells_and_the_other_goes_on_when_it_is_gone(
    team: Kubectl, tellers: Tellers, sink: SinkServer
) -> None:
    pair = [tellers(), tellers()]
    for one in pair:
        one.start()
    eventually(lambda: all("started" in one.log() for one in pair) and any(map(tells, pair)))
    suspended(team, "both")
    eventually(lambda: sink.told("both") == ["Suspended"])
    (first,) = [one for one in pair if tells(one)]
    first.kill()
    suspended(team, "one")
    eventually(lambda: sink.told("one") == ["Suspended"])
    assert [one.event["data"]["name"] for one in sink.taken].count("one") == 1
