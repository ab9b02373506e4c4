"""What do the reports of many pods cost the API server, does each arrive, and does the operator keep up with them?

python -m benchmarks.operator.shard_reports --shards 64 --seconds 60 --output FILE

On the cluster that KUBECONFIG names, in a namespace of its own: one job whose pods fit no node, an operator process with the
chart's rights, and for each pod the real Reporter and PodPublisher in threads of this process, with a token bound to that pod,
under the chart's admission policy. Every second every pod ends a file. The API server has to be a process of this machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client, config

from benchmarks.machine import described
from benchmarks.operator.place import alone
from benchmarks.operator.usage import cpu_seconds
from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.operators import RIGHTS, Operator, eventually, kubeconfig_of, rendered
from transcription_api.ledger import LedgerEntry, Outcome, Worker
from transcription_api.names import ANNOTATION_REPORT, RUNNER_SERVICE_ACCOUNT
from transcription_api.report import ShardReport, read_report
from transcription_api.runner_config import JobReference
from transcription_api.status import Stage
from transcription_runner.batch.publish import PodPublisher
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.reporting_pace import ReportingPace, pods_known
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally

IDLE_SECONDS = 15.0
LOADING_SECONDS = 5.0
_STATUS_WRITES = re.compile(
    r'^apiserver_request_total\{(?=[^}]*resource="transcriptionjobs")(?=[^}]*subresource="status")(?=[^}]*verb="(?:PATCH|APPLY)")'
    r'[^}]*code="(?P<code>\d+)"[^}]*\} (?P<count>\S+)$',
    re.MULTILINE,
)


@dataclass
class PlayedPod:
    """A pod that no node takes, and what reports for it."""

    name: str
    index: int
    tally: Tally
    publisher: PodPublisher
    sent: list[ShardReport] = field(default_factory=list)
    failures: int = 0

    def reporter(self, shards: int) -> Reporter:
        """As the runner makes it."""

        def publish(report: ShardReport) -> None:
            self.publisher.publish(report)
            self.sent.append(report)

        return Reporter(self.tally, publish, ReportingPace(pods_known(shards, self.index)))


def main() -> None:
    """Measure, and write the figures."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch, alone(), _namespace() as kubectl:
        figures = measured(kubectl, Path(scratch), arguments.shards, arguments.seconds)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in figures.items() if key != "detail"}))


def measured(kubectl: Kubectl, folder: Path, shards: int, seconds: float) -> dict[str, Any]:
    """The figures of `shards` pods that report for `seconds`."""
    machine = described(("pydantic", "urllib3"))
    operator = Operator(folder / "operator", kubeconfig_of(kubectl, kubectl.namespace, folder / "config"), kubectl.namespace)
    operator.start()
    try:
        kubectl.apply(transcription_job("calls", {"source": {"bucket": "calls"}, "parallelism": shards}))
        names = eventually(lambda: _pods(kubectl, shards), 300)
        admin = _Admin(kubectl, folder)
        pods = [_played(kubectl, name, admin.start(name), shards) for name in names]
        time.sleep(10)  # until what follows from the pods' coming is over
        idle = _busy(partial(time.sleep, IDLE_SECONDS))
        before = status_writes(kubectl("get", "--raw", "/metrics"))
        began = time.monotonic()
        busy = _busy(partial(_play, pods, seconds))
        took = time.monotonic() - began
        eventually(lambda: _finished_shards(kubectl) == shards, 60)
        after = status_writes(kubectl("get", "--raw", "/metrics"))
        status = kubectl.get("tsj", "calls")["status"]
        arrived = _arrived(kubectl)
    finally:
        operator.kill()
    writes = {code: after.get(code, 0) - before.get(code, 0) for code in after}
    failures = sum(pod.failures for pod in pods)
    unseen = [pod.name for pod in pods if not pod.sent or arrived.get(pod.name) != pod.sent[-1]]
    done = sum(pod.tally.report(Stage.FINISHED, "").files.succeeded for pod in pods)
    return {
        "shard_reports_lost": failures + len(unseen),
        "shard_conflicts": round(writes.get("409", 0) / max(1, sum(writes.values())), 4),
        "shard_conflicts_number": writes.get("409", 0),
        "apiserver_cpu_share": round(busy - idle, 3),
        "detail": {
            "measured": machine,
            "shards": shards,
            "seconds": round(took, 1),
            "tokens": "one for each pod, bound to it",
            "reports_sent": sum(len(pod.sent) for pod in pods),
            "reports_refused": failures,
            "last_reports_not_found": len(unseen),
            "status_writes_by_code": writes,
            "apiserver_cpu_share_idle": round(idle, 3),
            "apiserver_cpu_share_busy": round(busy, 3),
            "status_bytes": len(json.dumps(status, separators=(",", ":"))),
            "files_done": done,
            "files_in_status": status["files"]["succeeded"],
        },
    }


def _play(pods: list[PlayedPod], seconds: float) -> None:
    """All pods begin, load their model and end at the same time: the hardest case."""
    reporters = [pod.reporter(len(pods)) for pod in pods]
    end = time.monotonic() + seconds
    for reporter in reporters:
        reporter.stage(Stage.LOADING_MODEL)
    time.sleep(LOADING_SECONDS)
    for reporter in reporters:
        reporter.stage(Stage.TRANSCRIBING)
    number = 0
    while time.monotonic() < end:
        number += 1
        for pod in pods:
            pod.tally.done(_entry(f"{pod.index}/{number}.wav", pod.index, pod.name))
        time.sleep(1.0)
    with ThreadPoolExecutor(len(pods)) as threads:
        for reporter in reporters:
            threads.submit(reporter.close, Stage.FINISHED)
    for pod, reporter in zip(pods, reporters, strict=True):
        pod.failures = reporter.failures


def _entry(key: str, shard: int, pod: str) -> LedgerEntry:
    return LedgerEntry(
        bucket="calls",
        key=key,
        etag="e",
        recipe_hash="r",
        outcome=Outcome.SUCCEEDED,
        language=("en", "es", "de")[shard % 3],
        audio_seconds=10.0,
        segments=3,
        words=30,
        alignment="ctc",
        worker=Worker(job_name=pod.rsplit("-", 2)[0], shard=shard, pod_name=pod),
        finished_at=datetime.now(UTC),
    )


class _Admin:
    """What the kubelets do: pods run, and each has a token that names it."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self._namespace, self._folder = kubectl.namespace, folder
        self._api = client.CoreV1Api(config.new_client_from_config())  # type: ignore[no-untyped-call]
        cluster = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))["clusters"][0]["cluster"]
        self._authority = base64.b64decode(cluster["certificate-authority-data"])
        server = urlsplit(cluster["server"])
        os.environ |= {"KUBERNETES_SERVICE_HOST": server.hostname or "", "KUBERNETES_SERVICE_PORT": str(server.port or 443)}

    def start(self, pod: str) -> PodPublisher:
        """Say that the pod runs; what it would report through."""
        runs = {"name": "runner", "image": "x", "imageID": "", "ready": True, "restartCount": 0}
        runs["state"] = {"running": {"startedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}}
        patch = {"status": {"phase": "Running", "containerStatuses": [runs]}}
        self._api.patch_namespaced_pod_status(pod, self._namespace, patch, _content_type="application/merge-patch+json")
        bound = client.V1BoundObjectReference(kind="Pod", api_version="v1", name=pod)
        spec = client.V1TokenRequestSpec(audiences=[], expiration_seconds=3600, bound_object_ref=bound)
        request = client.AuthenticationV1TokenRequest(spec=spec)
        answer = self._api.create_namespaced_service_account_token(RUNNER_SERVICE_ACCOUNT, self._namespace, request)
        if answer.status is None:
            raise RuntimeError(f"no token for {pod}")
        place = self._folder / pod
        place.mkdir()
        (place / "token").write_text(str(answer.status.token))
        (place / "ca.crt").write_bytes(self._authority)
        return PodPublisher(self._namespace, pod, place)


def _played(kubectl: Kubectl, pod: str, publisher: PodPublisher, shards: int) -> PlayedPod:
    job, index, _ = pod.rsplit("-", 2)
    tally = Tally(
        JobReference(namespace=kubectl.namespace, name="calls", uid="u", job_name=job, parallelism=shards), int(index), pod
    )
    for _ in range(10_000):
        tally.surveyed(SourceFile("in/call.wav", 100))
    return PlayedPod(pod, int(index), tally, publisher)


def _pods(kubectl: Kubectl, shards: int) -> list[str] | None:
    names = [pod["metadata"]["name"] for pod in kubectl.get("pods")["items"]]
    return names if len(names) == shards else None


def _finished_shards(kubectl: Kubectl) -> int:
    return sum(shard["stage"] == "Finished" for shard in kubectl.get("tsj", "calls")["status"].get("shards", []))


def _arrived(kubectl: Kubectl) -> dict[str, ShardReport | None]:
    """What each pod's annotation holds at the end."""
    pods = kubectl.get("pods")["items"]
    return {pod["metadata"]["name"]: read_report(pod["metadata"].get("annotations", {}).get(ANNOTATION_REPORT)) for pod in pods}


def status_writes(metrics: str) -> dict[str, int]:
    """Writes of a TranscriptionJob's status so far, by the code of the answer."""
    counts: dict[str, int] = {}
    for found in _STATUS_WRITES.finditer(metrics):
        counts[found["code"]] = counts.get(found["code"], 0) + int(float(found["count"]))
    return counts


def _busy(during: Callable[[], object]) -> float:
    """CPU seconds of the API server for each second of wall time while `during` runs."""
    pid = _apiserver()
    cpu, wall = cpu_seconds(pid), time.monotonic()
    during()
    return (cpu_seconds(pid) - cpu) / (time.monotonic() - wall)


def _apiserver() -> int:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if Path(command[0].decode(errors="replace")).name == "kube-apiserver":
            return int(folder.name)
    raise SystemExit("no process of this machine is called kube-apiserver: its CPU time cannot be measured")


@contextmanager
def _namespace() -> Iterator[Kubectl]:
    """A fresh namespace with the chart's rights and policy."""
    kubectl = Kubectl(f"bench-{uuid.uuid4().hex[:8]}")
    flags = (f"fullnameOverride={kubectl.namespace}", f"watchNamespaces={{{kubectl.namespace}}}", "crds.enabled=false")
    objects = [o for o in rendered("bench", kubectl.namespace, *flags, "userRoles.create=false") if o["kind"] in RIGHTS]
    kubectl("create", "namespace", kubectl.namespace)
    try:
        kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        yield kubectl
    finally:
        kubectl("delete", "tsj", "--all", "--wait=false")
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
        for one in objects:
            if "namespace" not in one["metadata"]:
                kubectl("delete", one["kind"], one["metadata"]["name"], "--ignore-not-found")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operator.shard_reports", description="reports of many pods")
    parser.add_argument("--shards", type=int, default=64, help="pods of the one job; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they work; default: %(default)s")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
