"""Whose child is it? Its controller says, in the same namespace; a label, which anybody can write, never does."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.operator.world import a_running_job
from transcription_api.names import ANNOTATION_EFFECTIVE, API_VERSION, GROUP, KIND
from transcription_operator.caches import MAX_EARLY_PODS, Caches
from transcription_operator.observed import ChildPod, controller_uid, read_job, read_pod

WORLD = a_running_job()
OBSERVED = WORLD.observed()
RESOURCE, JOB, POD = OBSERVED.resource, OBSERVED.jobs[0], OBSERVED.pods[0]


def pods_of(caches: Caches) -> tuple[ChildPod, ...]:
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    return observed.pods


def without_owner(raw: dict[str, Any], version: str = "1") -> dict[str, Any]:
    metadata = {name: value for name, value in raw["metadata"].items() if name != "ownerReferences"}
    return raw | {"metadata": metadata | {"resourceVersion": version}}


@pytest.mark.parametrize(
    "owner",
    [
        {"apiVersion": API_VERSION, "kind": KIND, "uid": "x"},
        {"apiVersion": API_VERSION, "kind": KIND, "uid": "x", "controller": False},
        {"apiVersion": API_VERSION, "kind": "Job", "uid": "x", "controller": True},
        {"apiVersion": f"not-{API_VERSION}", "kind": KIND, "uid": "x", "controller": True},
    ],
)
def test_an_owner_that_is_no_controller_or_of_another_kind_owns_nothing(owner: dict[str, Any]) -> None:
    assert controller_uid({"metadata": {"ownerReferences": [owner]}}, GROUP, KIND) == ""


def test_the_controller_is_found_among_other_owners_and_whatever_its_version() -> None:
    owners = [
        {"apiVersion": "v1", "kind": "ConfigMap", "uid": "other"},
        {"apiVersion": f"{GROUP}/v2", "kind": KIND, "uid": "x", "controller": True},
    ]
    assert controller_uid({"metadata": {"ownerReferences": owners}}, GROUP, KIND) == "x"
    assert controller_uid({"metadata": {}}, GROUP, KIND) == ""


def test_objects_with_nothing_but_the_label_are_not_kept() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(read_job(without_owner(WORLD.child)))
    (pod,) = WORLD.pods.values()
    caches.put_pod(read_pod(without_owner(pod)))
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    assert (observed.jobs, observed.pods) == ((), ())
    caches.put_job(JOB)
    assert pods_of(caches) == ()


def test_another_namespace_has_no_say() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(replace(JOB, namespace="elsewhere"))
    caches.put_pod(replace(POD, namespace="elsewhere"))
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    assert (observed.jobs, observed.pods) == ((), ())
    caches.put_job(replace(JOB, uid="ours"))
    caches.put_pod(replace(POD, owner_uid="ours", namespace="elsewhere"))
    assert pods_of(caches) == ()


def test_a_pod_elsewhere_that_names_our_job_as_its_controller_leaves_nothing_behind() -> None:
    """Nothing would ever take up what it reported: who makes and deletes many of them would fill the memory."""
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(JOB)
    forged = replace(a_running_job().with_shard(succeeded=3).observed().pods[0], namespace="elsewhere")
    caches.put_pod(forged)
    assert (pods_of(caches), caches.pods.of(JOB.uid), caches.owner_of(forged)) == ((), (), None)
    caches.drop_pod(forged)
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    assert observed.departed == ()


def test_nor_does_a_pod_of_a_job_elsewhere_that_names_our_resource_as_its_controller() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(replace(JOB, namespace="elsewhere"))
    forged = replace(a_running_job().with_shard(succeeded=3).observed().pods[0], namespace="elsewhere")
    caches.put_pod(forged)
    caches.drop_pod(forged)
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    assert observed.departed == ()


def orders() -> Iterator[tuple[str, ...]]:
    yield "resource", "job", "pod"
    yield "pod", "job", "resource"
    yield "pod", "resource", "job"


@pytest.mark.parametrize("order", orders())
def test_whatever_comes_first_the_pod_is_found_through_its_job(order: tuple[str, ...]) -> None:
    caches = Caches()
    put: dict[str, Callable[[], object]] = {
        "resource": lambda: caches.put_resource(RESOURCE),
        "job": lambda: caches.put_job(JOB),
        "pod": lambda: caches.put_pod(POD),
    }
    for what in order:
        put[what]()
    assert pods_of(caches) == (POD,)


def test_a_pod_that_waits_for_its_job_is_as_new_as_it_can_be() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    for version in ("5", "9", "7"):
        caches.put_pod(replace(POD, resource_version=version))
    caches.put_job(JOB)
    assert [pod.resource_version for pod in pods_of(caches)] == ["9"]


def test_a_pod_that_goes_before_its_job_is_seen_is_gone() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_pod(POD)
    caches.drop_pod(POD)
    caches.put_job(JOB)
    assert pods_of(caches) == ()


def test_thousands_of_pods_of_jobs_that_are_not_ours_do_not_fill_the_memory() -> None:
    caches = Caches()
    for n in range(3 * MAX_EARLY_PODS):
        caches.put_pod(replace(POD, uid=f"pod-{n}", owner_uid="unknown Job"))
    caches.put_resource(RESOURCE)
    caches.put_job(replace(JOB, uid="unknown Job"))
    assert len(pods_of(caches)) == MAX_EARLY_PODS


def test_an_object_that_its_controller_lets_go_is_no_child_any_more() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(JOB)
    caches.put_pod(POD)
    (raw,) = WORLD.pods.values()
    caches.put_pod(read_pod(without_owner(raw, "2")))
    assert pods_of(caches) == ()
    caches.put_job(read_job(without_owner(WORLD.child, "2")))
    observed = caches.observed(RESOURCE.uid)
    assert observed is not None
    assert observed.jobs == ()


def test_pods_of_a_job_that_is_gone_count_no_more() -> None:
    caches = Caches()
    caches.put_resource(RESOURCE)
    caches.put_job(JOB)
    caches.put_pod(POD)
    caches.drop_job(JOB.uid)
    caches.put_job(replace(JOB, uid="made again"))
    assert pods_of(caches) == ()


def test_a_pod_of_an_older_run_is_not_counted_for_the_next() -> None:
    job = a_running_job().asking(runId="again").reconciled(5)
    job.with_child(started=6)
    job.pods[POD.name] = WORLD.pods[POD.name]
    assert job.reconciled(10).status["phase"] == "Pending"


def test_an_annotation_that_no_operator_wrote_so_long_takes_no_memory() -> None:
    child = deepcopy(WORLD.child)
    for length, kept in ((65_536, 65_536), (65_537, 0)):
        child["metadata"].setdefault("annotations", {})[ANNOTATION_EFFECTIVE] = "x" * length
        assert len(read_job(child).effective) == kept
