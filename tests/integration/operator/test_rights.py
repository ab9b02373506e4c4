"""Every request that operator and runner may make, made once by their own tokens; and the API server knows of no other right."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.accounts import Account
from tests.integration.operator.child_jobs import made_for
from tests.integration.operator.operators import Operator, eventually, kubeconfig_of
from tests.integration.operator.pods import Runner, Transcription
from tests.integration.operator.schedules import Schedule
from transcription_operator.schedule.job import transcription_job
from transcription_operator.schedule.observed import read_schedule
from transcription_operator.schedule.timetable import Timetable

Right = tuple[str, str, str]
"""API group, resource, verb."""
OURS = "transcription.whisperx.dev"
MERGE, APPLY = "merge-patch+json", "apply-patch+yaml"


def rights(account: Account, namespace: str) -> set[Right]:
    """What the API server says that the account may do in the namespace, and with paths that are no resources'."""
    question = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    answer = json.loads(account.answer("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", question))
    of_resources = {
        (group, resource, verb)
        for rule in answer["status"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    paths = (
        (path, verb)
        for rule in answer["status"]["nonResourceRules"]
        for path in rule["nonResourceURLs"]
        for verb in rule["verbs"]
    )
    return of_resources | {("", path, verb) for path, verb in paths}


@pytest.fixture
def everybodys(namespace: Kubectl, tmp_path: Path) -> set[Right]:
    """What Kubernetes lets every service account do."""
    eventually(lambda: namespace.run("get", "serviceaccount", "default").returncode == 0)
    return rights(Account(kubeconfig_of(namespace, "default", tmp_path / "default.kubeconfig")), namespace.namespace)


class Requests:
    """The operator's requests in one namespace, each by the right that it needs; in this order they find what they need."""

    def __init__(self, account: Account, kubectl: Kubectl, role: str | None) -> None:
        self._ask, self._role, self._in = account.ask, role, kubectl.namespace
        self._transcription = Transcription.apply(kubectl, "tried")
        self._job = made_for(self._transcription)
        self._scheduled = _scheduled(Schedule.apply(kubectl, "tried", suspend=True))

    def _path(self, api: str, plural: str, name: str = "", query: str = "") -> str:
        return f"/{api}/namespaces/{self._in}/{plural}{'/' if name else ''}{name}{'?' if query else ''}{query}"

    def table(self) -> dict[Right, Callable[[], str]]:
        """Right -> the request that uses it; returns the error message."""
        ours, watch = f"apis/{OURS}/v1alpha1", "watch=true&timeoutSeconds=1"
        jobs, name = "apis/batch/v1", self._job["metadata"]["name"]
        status = {"status": {"phase": "Pending"}}
        requests: dict[Right, tuple[Any, ...]] = {
            (OURS, "transcriptionjobs", "get"): ("GET", self._path(ours, "transcriptionjobs", "tried")),
            (OURS, "transcriptionjobs", "list"): ("GET", self._path(ours, "transcriptionjobs")),
            (OURS, "transcriptionjobs", "watch"): ("GET", self._path(ours, "transcriptionjobs", query=watch)),
            (OURS, "transcriptionjobs", "create"): ("POST", self._path(ours, "transcriptionjobs"), self._scheduled),
            (OURS, "transcriptionjobs", "delete"): (
                "DELETE",
                self._path(ours, "transcriptionjobs", self._scheduled["metadata"]["name"]),
                {"propagationPolicy": "Background"},
            ),
            (OURS, "transcriptionschedules", "get"): ("GET", self._path(ours, "transcriptionschedules", "tried")),
            (OURS, "transcriptionschedules", "list"): ("GET", self._path(ours, "transcriptionschedules")),
            (OURS, "transcriptionschedules", "watch"): ("GET", self._path(ours, "transcriptionschedules", query=watch)),
            (OURS, "transcriptionschedules/status", "patch"): (
                "PATCH",
                self._path(ours, "transcriptionschedules", "tried/status"),
                {"status": {"activeCount": 0}},
                MERGE,
            ),
            (OURS, "transcriptionprofiles", "list"): ("GET", self._path(ours, "transcriptionprofiles")),
            (OURS, "transcriptionprofiles", "watch"): ("GET", self._path(ours, "transcriptionprofiles", query=watch)),
            (OURS, "clustertranscriptionprofiles", "list"): ("GET", f"/{ours}/clustertranscriptionprofiles"),
            (OURS, "clustertranscriptionprofiles", "watch"): ("GET", f"/{ours}/clustertranscriptionprofiles?{watch}"),
            (OURS, "transcriptionjobs/status", "patch"): (
                "PATCH",
                self._path(ours, "transcriptionjobs", "tried/status"),
                status,
                MERGE,
            ),
            ("batch", "jobs", "create"): ("POST", self._path(jobs, "jobs"), self._job),
            ("batch", "jobs", "get"): ("GET", self._path(jobs, "jobs", name)),
            ("batch", "jobs", "list"): ("GET", self._path(jobs, "jobs")),
            ("batch", "jobs", "watch"): ("GET", self._path(jobs, "jobs", query=watch)),
            ("batch", "jobs", "patch"): ("PATCH", self._path(jobs, "jobs", name), {"spec": {"suspend": True}}, MERGE),
            ("batch", "jobs", "delete"): ("DELETE", self._path(jobs, "jobs", name), {"propagationPolicy": "Background"}),
            ("", "pods", "list"): ("GET", self._path("api/v1", "pods")),
            ("", "pods", "watch"): ("GET", self._path("api/v1", "pods", query=watch)),
            ("events.k8s.io", "events", "create"): ("POST", self._path("apis/events.k8s.io/v1", "events"), self._event()),
            ("events.k8s.io", "events", "list"): ("GET", self._path("apis/events.k8s.io/v1", "events")),
        }
        if self._role:
            requests |= self._access(self._role)
        return {right: partial(self._ask, *arguments) for right, arguments in requests.items()}

    def _access(self, role: str) -> dict[Right, tuple[Any, ...]]:
        """Making what is missing takes create and patch, and for the binding bind."""
        account = {"metadata": {"name": "transcription-runner", "namespace": self._in}, "automountServiceAccountToken": False}
        account |= {"apiVersion": "v1", "kind": "ServiceAccount"}
        rbac = "rbac.authorization.k8s.io"
        binding = {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": self._in},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "transcription-runner", "namespace": self._in}],
        }
        query = "fieldManager=transcription-operator"
        make_account = ("PATCH", self._path("api/v1", "serviceaccounts", "transcription-runner", query), account, APPLY)
        make_binding = ("PATCH", self._path(f"apis/{rbac}/v1", "rolebindings", role, query), binding, APPLY)
        return {
            ("", "serviceaccounts", "create"): make_account,
            ("", "serviceaccounts", "patch"): make_account,
            ("", "serviceaccounts", "get"): ("GET", self._path("api/v1", "serviceaccounts", "transcription-runner")),
            (rbac, "rolebindings", "create"): make_binding,
            (rbac, "rolebindings", "patch"): make_binding,
            (rbac, "clusterroles", "bind"): make_binding,
            (rbac, "rolebindings", "get"): ("GET", self._path(f"apis/{rbac}/v1", "rolebindings", role)),
        }

    def _event(self) -> dict[str, Any]:
        about = {"apiVersion": f"{OURS}/v1alpha1", "kind": "TranscriptionJob", "name": "tried", "namespace": self._in}
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": "tried", "namespace": self._in},
            "regarding": about,
            "eventTime": "2026-01-01T00:00:00.000000Z",
            "type": "Normal",
            "reason": "Tried",
            "action": "Try",
            "reportingController": f"{OURS}/operator",
            "reportingInstance": "test",
        }


def _scheduled(schedule: Schedule) -> dict[str, Any]:
    """A TranscriptionJob of the schedule."""
    seen = read_schedule(schedule.kubectl.get("tss", schedule.name))
    return transcription_job(seen, Timetable.read(seen.expression, seen.time_zone), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("scope", ["one namespace", "every namespace"])
def test_the_operator_may_do_what_it_does_and_nothing_else(
    scope: str, team: Kubectl, home: Kubectl, namespace: Kubectl, everybodys: set[Right], tmp_path: Path
) -> None:
    everywhere = scope == "every namespace"
    owner, place = (home, namespace) if everywhere else (team, team)
    account = Account(kubeconfig_of(owner, owner.namespace, tmp_path / "operator.kubeconfig"))
    table = Requests(account, place, f"{home.namespace}-runner" if everywhere else None).table()
    assert rights(account, place.namespace) - everybodys == set(table)
    for right, request in table.items():
        assert request() == "", right


def test_a_runner_may_write_its_report_and_nothing_else(
    team: Kubectl, operator: Operator, everybodys: set[Right], tmp_path: Path
) -> None:
    job = Transcription.apply(team, "ordinary")
    (pod,) = job.pods()
    runner = Runner(team, pod, tmp_path)
    assert rights(runner, team.namespace) - everybodys == {("", "pods/status", "patch")}
    eventually(lambda: runner.report(job.shard(pod)) == "")


def test_in_a_namespace_that_is_not_served_neither_may_do_anything(
    team: Kubectl, operator: Operator, namespace: Kubectl, everybodys: set[Right], tmp_path: Path
) -> None:
    (pod,) = Transcription.apply(team, "at-home").pods()
    account = Account(kubeconfig_of(team, team.namespace, tmp_path / "operator.kubeconfig"))
    of_the_cluster = {(OURS, "clustertranscriptionprofiles", verb) for verb in ("list", "watch")}
    assert rights(account, namespace.namespace) - everybodys == of_the_cluster
    assert rights(Runner(team, pod, tmp_path), namespace.namespace) - everybodys == set()
