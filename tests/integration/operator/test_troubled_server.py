"""An API server in trouble: silent watches, too many requests, slow answers, another clock, an operator told to stop in it."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually, kubeconfig_of
from tests.integration.operator.pods import Transcription
from tests.integration.operator.test_interruptions import apply_many, one_job_each
from tests.integration.operator.troubled_server import TroubledServer, troubled

Start = Callable[..., Operator]


@pytest.fixture
def server(team: Kubectl, tmp_path: Path) -> Iterator[TroubledServer]:
    with troubled(kubeconfig_of(team, team.namespace, tmp_path / "troubled.kubeconfig")) as one:
        yield one


@pytest.fixture
def start(team: Kubectl, server: TroubledServer, tmp_path: Path) -> Iterator[Start]:
    """Starts an operator that knows the troubled server alone, and waits until it is ready."""
    made: list[Operator] = []

    def begin(**settings: Any) -> Operator:
        operator = Operator(tmp_path / "operator", tmp_path / "troubled.kubeconfig", team.namespace, **settings)
        made.append(operator)
        operator.start()
        eventually(lambda: operator.health("readyz")[0] == 200, 60)
        return operator

    yield begin
    for one in made:
        one.kill()
        assert "Traceback" not in one.log(), one.log()


def test_a_watch_that_is_open_and_silent_is_opened_anew(team: Kubectl, server: TroubledServer, start: Start) -> None:
    start(watchSilenceSeconds=5)
    server.silence_open_watches()
    job = Transcription.apply(team, "unheard")
    assert job.pods(), "a listing would come in ten minutes only"
    job.patch(suspend=True)
    job.phase("Suspended")


def test_while_watches_stay_silent_the_operator_is_not_ready_and_listings_keep_jobs_going(
    team: Kubectl, server: TroubledServer, start: Start
) -> None:
    operator = start(resyncSeconds=15)
    server.silent = True
    job = Transcription.apply(team, "listed")
    job.pods()
    eventually(lambda: operator.health("readyz") == (503, f"the watch of transcriptionjobs in {team.namespace} is silent\n"), 60)
    assert operator.health("livez")[0] == 200
    job.patch(suspend=True)
    job.phase("Suspended", 60)
    assert "is silent: listing TranscriptionJobs anew" in operator.log()


def test_all_workers_wait_when_the_server_has_too_much_to_do(team: Kubectl, server: TroubledServer, start: Start) -> None:
    operator = start()
    before = len(server.requests)
    server.refusals = 12
    jobs = apply_many(team, [f"crowd-{n}" for n in range(12)])
    eventually(lambda: one_job_each(team, jobs), 90)
    for job in jobs:
        eventually(lambda job=job: job.status().get("jobName"))
        assert "PodsNotCreated" not in json.dumps(job.status())
    counted = [line for line in operator.metrics().splitlines() if line.startswith("transcription_operator_api_refusals_total")]
    assert 1 <= float(counted[0].split()[1]) <= 12, "kopf's own requests meet some of the refusals, and are not counted"
    assert "all requests wait for 1 s" in operator.log()
    moments = sorted(moment for moment, _, _ in server.requests[before:])
    assert max(after - earlier for earlier, after in itertools.pairwise(moments)) >= 0.9, "a pause that all keep"


def test_the_time_is_the_servers_and_not_that_of_the_operators_machine(
    team: Kubectl, server: TroubledServer, start: Start
) -> None:
    start()
    job = Transcription.apply(team, "unhurried", pendingDeadlineSeconds=3600)
    job.phase("Pending", 60)
    server.ahead = timedelta(hours=2)
    job.patch(parallelism=2)  # looked at, and by the answers to what follows from that it is late
    job.phase("Failed", 60)
    assert job.condition("Failed")["reason"] == "PendingDeadlineExceeded"
    server.ahead = timedelta(0)
    job.patch(runId="2")
    job.phase("Pending", 60)


def test_a_signal_to_stop_cuts_no_write_off(team: Kubectl, server: TroubledServer, start: Start) -> None:
    operator = start()
    server.latency = 2.0
    jobs = apply_many(team, [f"late-{n}" for n in range(8)])
    eventually(lambda: [r for r in server.requests if r[1] in ("PATCH", "POST")], 30, 0.05)
    began = time.monotonic()
    assert operator.stop(30) == 0
    assert time.monotonic() - began < 25, "within the grace period of the chart"
    server.latency = 0.0
    begun = [r for r in server.requests if r[1] == "POST" and r[2].endswith("/jobs")]
    assert begun
    assert len([job for job in jobs if job.jobs()]) == len(begun), "what had begun is done"
    writes = [r for r in server.requests if r[1] in ("PATCH", "POST")]
    time.sleep(1)
    assert len([r for r in server.requests if r[1] in ("PATCH", "POST")]) == len(writes), "nothing goes on"


def test_an_operator_is_not_ready_before_its_first_listing(team: Kubectl, server: TroubledServer, tmp_path: Path) -> None:
    server.latency = 3.0
    operator = Operator(tmp_path / "operator", tmp_path / "troubled.kubeconfig", team.namespace)
    operator.start()
    try:
        said = eventually(lambda: operator.health("readyz")[1], 30)
        assert said.startswith("waiting for ")
        assert operator.health("livez") == (200, "ok\n")
        server.latency = 0.0
        eventually(lambda: operator.health("readyz") == (200, "ok\n"), 60)
        assert operator.stop() == 0
    finally:
        operator.kill()
