"""What users may ask for: the chart's `policy`, said at `kubectl apply`, with the field, the value and what is allowed."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.operators import FOR_TESTS, Operator, eventually, rendered
from tests.integration.operator.pods import Transcription

STRICT = (
    "storage.endpoint=http://minio:9000",
    "policy.endpoints={http://archive:9000}",
    "runner.priorityClassName=usual",
    "policy.priorityClasses={batch,system-cluster-critical}",
    "runner.runtimeClassName=nvidia",
    "policy.runtimeClasses={kata}",
    "runner.gpuResource=nvidia.com/gpu",
    "policy.gpuResources={nvidia.com/mig-1g.10gb,one-gpu}",
    "policy.maxParallelism=4",
    "runner.model.name=own/whisper",
    "policy.hubOwners={mine,pyannote}",
)


@contextmanager
def policy(kubectl: Kubectl, *settings: str, forbidden: dict[str, Any] | None = None) -> Iterator[None]:
    """While it lasts, the chart's policy for jobs with these values is in force in the namespace.

    `forbidden`: a part of a spec that this policy refuses and no other, so that it shows whether the policy is in force.
    """
    name = f"{kubectl.namespace}-{uuid.uuid4().hex[:6]}"
    flags = (*FOR_TESTS, f"fullnameOverride={name}", f"watchNamespaces={{{kubectl.namespace}}}", *settings)
    objects = [o for o in rendered("test", kubectl.namespace, *flags) if o["metadata"]["name"] == f"{name}-jobs"]
    probe = forbidden or {"compute": {"priorityClassName": "system-probe"}}
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    try:
        eventually(lambda: name in asked(kubectl, **probe), 30)
        yield
    finally:
        kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", f"{name}-jobs")
        eventually(lambda: name not in asked(kubectl, **probe), 30)


def applied(kubectl: Kubectl, manifest: dict[str, Any]) -> str:
    """What kubectl says to a manifest that is applied for show; empty if it is taken."""
    return kubectl.run("create", "--dry-run=server", "-f", "-", given=json.dumps(manifest)).stderr.strip()


def asked(kubectl: Kubectl, **spec: Any) -> str:
    return applied(kubectl, transcription_job("asked", {"source": {"bucket": "calls"}, **spec}))


@pytest.fixture(scope="module")
def strict(cluster: None) -> Iterator[Kubectl]:
    """A namespace in which nearly everything is restricted."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    with policy(kubectl, *STRICT):
        yield kubectl
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "endpoint": (
        {"storage": {"endpoint": "http://evil:9000"}},
        "spec.storage.endpoint http://evil:9000 is not allowed in namespace {ns}; allowed: http://minio:9000, "
        "http://archive:9000 (policy.endpoints of the operator's chart)",
    ),
    "endpoint of another scheme": ({"storage": {"endpoint": "https://minio:9000"}}, "spec.storage.endpoint https://minio:9000"),
    "endpoint that begins alike": ({"storage": {"endpoint": "http://minio:9000.evil"}}, "spec.storage.endpoint"),
    "priority class": (
        {"compute": {"priorityClassName": "system-node-critical"}},
        "spec.compute.priorityClassName system-node-critical is not allowed in namespace {ns}; allowed: usual, batch, "
        "system-cluster-critical (policy.priorityClasses of the operator's chart)",
    ),
    "runtime class": (
        {"compute": {"runtimeClassName": "runc-debug"}},
        "spec.compute.runtimeClassName runc-debug is not allowed in namespace {ns}; allowed: nvidia, kata "
        "(policy.runtimeClasses of the operator's chart)",
    ),
    "GPU": (
        {"compute": {"gpuResource": "nvidia.com/mig-7g.80gb"}},
        "spec.compute.gpuResource nvidia.com/mig-7g.80gb is not allowed in namespace {ns}; allowed: nvidia.com/gpu, "
        "nvidia.com/mig-1g.10gb, one-gpu (policy.gpuResources of the operator's chart)",
    ),
    "claimed GPU": (
        {"compute": {"resourceClaimTemplateName": "all-gpus"}},
        "spec.compute.resourceClaimTemplateName all-gpus is not allowed in namespace {ns}; allowed: "
        "nvidia.com/mig-1g.10gb, one-gpu (policy.gpuResources of the operator's chart)",
    ),
    "model": (
        {"model": {"name": "evil/whisper"}},
        "spec.model.name evil/whisper is not allowed in namespace {ns}; allowed: own/whisper, mine, pyannote "
        "(policy.hubOwners of the operator's chart)",
    ),
    "aligner": ({"alignment": {"model": "evil/aligner"}}, "spec.alignment.model evil/aligner is not allowed"),
    "diarizer": (
        {"diarization": {"enabled": True, "model": "evil/voices"}},
        "spec.diarization.model evil/voices is not allowed in namespace {ns}; allowed: mine, pyannote (policy.hubOwners",
    ),
    "parallelism": (
        {"parallelism": 5},
        "spec.parallelism 5 is not allowed in namespace {ns}; allowed: at most 4 (policy.maxParallelism of the operator's chart)",
    ),
}

TAKEN: dict[str, dict[str, Any]] = {
    "nothing in particular": {},
    "the operator's own store": {"storage": {"endpoint": "http://minio:9000"}},
    "the same with a slash": {"storage": {"endpoint": "http://MINIO:9000/"}},
    "a listed store": {"storage": {"endpoint": "http://archive:9000"}},
    "the operator's own classes": {"compute": {"priorityClassName": "usual", "runtimeClassName": "nvidia"}},
    "listed classes": {"compute": {"priorityClassName": "batch", "runtimeClassName": "kata"}},
    "a system's class, once it is listed": {"compute": {"priorityClassName": "system-cluster-critical"}},
    "listed GPUs": {"compute": {"gpuResource": "nvidia.com/mig-1g.10gb"}},
    "a listed claim template": {"compute": {"resourceClaimTemplateName": "one-gpu"}},
    "as many pods as allowed": {"parallelism": 4},
    "the operator's own model": {"model": {"name": "own/whisper"}},
    "models of listed owners": {"model": {"name": "mine/whisper"}, "diarization": {"enabled": True, "model": "pyannote/any"}},
    "models that are no hub's": {"model": {"name": "/models/evil"}, "alignment": {"model": "WAV2VEC2_ASR_BASE_960H"}},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_allowed_is_refused_with_field_value_and_choice(strict: Kubectl, what: str) -> None:
    spec, refusal = REFUSED[what]
    said = asked(strict, **spec)
    assert "forbidden" in said, said or "was taken"
    assert refusal.format(ns=strict.namespace) in said


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_allowed_is_taken(strict: Kubectl, what: str) -> None:
    assert asked(strict, **TAKEN[what]) == ""


def test_without_lists_nothing_is_restricted_but_the_systems_priority(namespace: Kubectl) -> None:
    with policy(namespace):
        compute = {"priorityClassName": "any", "runtimeClassName": "any", "gpuResource": "example.com/gpu"}
        assert asked(namespace, parallelism=256, storage={"endpoint": "http://anywhere:9000"}, compute=compute) == ""
        said = asked(namespace, compute={"priorityClassName": "system-node-critical"})
    assert "system-node-critical is not allowed" in said
    assert "allowed: any that does not begin with system- (policy.priorityClasses" in said


def test_pickles_from_the_hub_are_pyannotes_unless_owners_are_listed(namespace: Kubectl) -> None:
    voices = {"enabled": True, "model": "evil/voices"}
    with policy(namespace, "runner.offline=false"):
        assert "allowed: those of pyannote (policy.hubOwners" in asked(namespace, diarization=voices)
        assert asked(namespace, diarization=voices | {"model": "pyannote/voices"}, model={"name": "any/whisper"}) == ""
    with policy(namespace):
        assert asked(namespace, diarization=voices) == "", "where no hub is asked, it is a folder of the pods' own"


def test_a_namespace_may_have_rules_of_its_own(namespace: Kubectl) -> None:
    own = f"policy.namespaces.{namespace.namespace}"
    settings = (
        "policy.maxParallelism=2",
        f"{own}.maxParallelism=8",
        "policy.runtimeClasses={nvidia}",
        f"{own}.endpoints={{http://x:1}}",
    )
    with policy(
        namespace, *settings, "policy.namespaces.other.maxParallelism=1", "policy.namespaces.other.endpoints={http://y:1}"
    ):
        assert asked(namespace, parallelism=8, compute={"runtimeClassName": "nvidia"}, storage={"endpoint": "http://x:1"}) == ""
        assert "allowed: at most 8" in asked(namespace, parallelism=9)
        assert "allowed: http://x:1" in asked(namespace, storage={"endpoint": "http://y:1"})
        assert "allowed: nvidia (policy.runtimeClasses" in asked(namespace, compute={"runtimeClassName": "kata"}), "as everywhere"


def test_a_job_from_before_a_stricter_policy_can_be_suspended_and_shrunk_but_not_run_again(namespace: Kubectl) -> None:
    job = Transcription.apply(namespace, "before", parallelism=8, storage={"endpoint": "http://old:9000"})
    with policy(namespace, "policy.endpoints={http://new:9000}", "policy.maxParallelism=4"):
        job.patch(suspend=True, parallelism=6)
        for change, refusal in (
            ({"runId": "2", "parallelism": 4}, "http://old:9000 is not allowed"),
            ({"parallelism": 7}, "spec.parallelism 7"),
        ):
            result = namespace.run("patch", "tsj", "before", "--type=merge", "-p", json.dumps({"spec": change}))
            assert refusal in result.stderr, change
        namespace("delete", "tsj", "before")


def test_a_profile_asks_for_no_more_than_a_job_may(strict: Kubectl) -> None:
    def profile(name: str) -> dict[str, Any]:
        kind = {"apiVersion": "transcription.whisperx.dev/v1alpha1", "kind": "TranscriptionProfile"}
        return kind | {"metadata": {"name": "p"}, "spec": {"compute": {"priorityClassName": name}}}

    assert applied(strict, profile("batch")) == ""
    assert "spec.compute.priorityClassName system-node-critical is not allowed" in applied(
        strict, profile("system-node-critical")
    )
    strict.apply(profile("batch"))
    changed = strict.run("apply", "-f", "-", given=json.dumps(profile("system-node-critical")))
    assert "is not allowed" in changed.stderr


def test_a_schedules_jobs_are_judged_with_the_schedule_and_it_can_always_be_suspended(namespace: Kubectl) -> None:
    def schedule(**spec: Any) -> dict[str, Any]:
        kind = {"apiVersion": "transcription.whisperx.dev/v1alpha1", "kind": "TranscriptionSchedule"}
        template = {"spec": {"source": {"bucket": "calls"}, "parallelism": 8}}
        return kind | {"metadata": {"name": "s"}, "spec": {"schedule": "0 3 * * *", "jobTemplate": template, **spec}}

    namespace.apply(schedule())
    with policy(namespace, "policy.maxParallelism=4"):
        said = applied(namespace, schedule() | {"metadata": {"name": "another"}})
        assert f"spec.jobTemplate.spec.parallelism 8 is not allowed in namespace {namespace.namespace}" in said
        namespace.apply(schedule(suspend=True))
        namespace("delete", "transcriptionschedule", "s")


def test_other_namespaces_are_none_of_its_business(strict: Kubectl, namespace: Kubectl) -> None:
    assert asked(namespace, parallelism=256) == ""


def test_under_the_strictest_policy_a_job_lives_and_ends_as_ever(team: Kubectl, operator: Operator) -> None:
    with policy(team, *STRICT, forbidden={"parallelism": 5}):
        job = Transcription.apply(team, "usual", parallelism=2, ttlSecondsAfterFinished=0)
        for pod in eventually(lambda: job.pods() if len(job.pods()) == 2 else None):
            job.pod_runs(pod)
            job.pod_ends(pod)
        job.phase("Succeeded", 60)
        eventually(lambda: job.jobs() == [])
