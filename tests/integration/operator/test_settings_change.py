"""An operator that comes back with other settings: what runs goes on as it began, only new runs are judged by them."""

from collections.abc import Callable
from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import NOWHERE, Operator, eventually
from tests.integration.operator.pods import Transcription

STRICTER: dict[str, Any] = {
    "storage": {"endpoint": None},
    "runner": {"image": "runner:later", "nodeSelector": NOWHERE, "model": {"name": "another"}},
}


def test_a_running_job_keeps_what_it_began_with(team: Kubectl, operators: Callable[..., Operator]) -> None:
    first = operators()
    first.start()
    job = Transcription.apply(team, "steady", model={"name": "owner/first"})
    (pod,) = job.pods()
    job.pod_runs(pod)
    before = job.phase("Running")["effective"]
    assert (before["endpoint"], before["image"]) == ("http://minio:9000", "runner:test")
    assert "first" in team("get", "tsj", job.name, "-o", "wide").splitlines()[1].split()
    (child,) = job.jobs()
    first.kill()

    second = operators(**STRICTER)
    second.start()
    new = Transcription.apply(team, "newcomer")
    new.phase("Failed")
    assert new.condition("Failed")["reason"] == "InvalidSpec"
    assert "storage.endpoint" in new.status()["message"]
    assert (job.status()["phase"], job.status()["effective"]) == ("Running", before)
    assert job.pods() == [pod]

    team("delete", "job", child["metadata"]["name"])
    (again,) = eventually(lambda: [j for j in job.jobs() if j["metadata"]["uid"] != child["metadata"]["uid"]])
    for field in ("image", "env", "args", "resources"):
        containers = [j["spec"]["template"]["spec"]["containers"][0] for j in (child, again)]
        assert containers[0][field] == containers[1][field]

    job.patch(runId="2")
    job.phase("Failed")
    assert job.condition("Failed")["reason"] == "InvalidSpec"
    eventually(lambda: job.jobs() == [])
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])


def test_a_job_that_was_made_before_anything_was_recorded_goes_on_as_it_was_made(
    team: Kubectl, operators: Callable[..., Operator]
) -> None:
    first = operators()
    first.start()
    job = Transcription.apply(team, "unrecorded")
    (pod,) = job.pods()
    before = job.phase("Pending")
    first.kill()
    team("patch", "tsj", job.name, "--subresource=status", "--type=json", "-p", '[{"op": "remove", "path": "/status"}]')

    second = operators(**STRICTER)
    second.start()
    after = job.phase("Pending")
    assert (after["jobName"], after["effective"]) == (before["jobName"], before["effective"])
    assert job.pods() == [pod]
