"""The states that the health checks of deploy/argocd are tested on, as the operator itself writes them.

Each is what the operator's own decision comes to, so that no check can be right about conditions that nobody writes.
"""

import json
from dataclasses import replace
from typing import Any

from tests.unit.operator.schedule_world import a_schedule
from tests.unit.operator.world import SETTINGS, Job, a_job, at
from transcription_api import names
from transcription_operator.observed import Contest, Refusal
from transcription_operator.reconcile import reconcile

State = dict[str, Any]

_READ = ("observedGeneration", "phase", "message", "conditions")
"""Of status, what a health check may go by; the rest only makes files long."""


def states() -> dict[str, dict[str, State]]:
    """Kind -> name of the state -> the object."""
    return {
        names.KIND: _job_states(),
        names.SCHEDULE_KIND: _schedule_states(),
        names.PROFILE_KIND: {"stored": _profile(names.PROFILE_KIND)},
        names.CLUSTER_PROFILE_KIND: {"stored": _profile(names.CLUSTER_PROFILE_KIND)},
    }


def _job_states() -> dict[str, State]:
    jobs = {
        "new": a_job(),
        "starting": a_job().reconciled(),
        "unschedulable": a_job().reconciled().with_unschedulable_pod("1 Insufficient nvidia.com/gpu").reconciled(1),
        "profile-lacking": a_job().asking(profileRef={"name": "calls-es"}).without_profile().reconciled(),
        "queued": _queued(),
        "suspended": a_job().asking(suspend=True).reconciled(),
        "running": _running(),
        "suspended-while-running": _running().asking(suspend=True).reconciled(90),
        "contested": _contested(_running()),
        "succeeded": _succeeded(),
        "succeeded-contested": _contested(_succeeded()),
        "failed": _failed(),
        "refused": a_job().refused("spec.template: Invalid value", final=True).reconciled(),
        "to-run-again": _succeeded().asking(runId="2"),
        "to-resume": a_job().asking(suspend=True).reconciled().asking(suspend=False),
    }
    found = {name: _object(names.KIND, job.raw) for name, job in jobs.items()}
    found["without-conditions"] = _without(found["running"], "conditions")
    found["without-generation"] = _without(found["running"], "observedGeneration")
    return found


def _schedule_states() -> dict[str, State]:
    broken = a_schedule("0 3 31 2 *")
    refused = a_schedule().at("2026-11-23T03:00")
    refused.refusal = Refusal("exceeded quota", final=False)
    waiting = a_schedule(concurrencyPolicy="Forbid").at("2026-11-23T03:00").reconciled().at("2026-11-24T03:00")
    schedules = {
        "new": a_schedule(),
        "scheduled": a_schedule().reconciled(),
        "waiting": waiting.reconciled(),
        "suspended": a_schedule(suspend=True).reconciled(),
        "job-refused": refused.reconciled(),
        "never-due": broken.reconciled(),
        "changed": a_schedule().reconciled().asking(schedule="0 4 * * *"),
    }
    found = {name: _object(names.SCHEDULE_KIND, world.raw) for name, world in schedules.items()}
    found["without-conditions"] = _without(found["scheduled"], "conditions")
    found["without-generation"] = _without(found["scheduled"], "observedGeneration")
    return found


def _running() -> Job:
    return a_job().reconciled().started().with_shard(0, total=12, succeeded=3, audio=(30, 120)).reconciled(60)


def _queued() -> Job:
    job = a_job().queued().reconciled()
    job.child["spec"]["suspend"] = True  # as its queue controller has it
    return job.reconciled(1)


def _succeeded() -> Job:
    job = _running().with_shard(0, stage="Finished", total=12, succeeded=12, audio=(120, 120), reported=190)
    return job.pod_ended(195).child_ended("Complete", 200).reconciled(200)


def _failed() -> Job:
    denied = json.dumps({"reason": "StorageAccessDenied", "message": "the store refuses the credentials"})
    return _running().without_pods().with_failed_pod(77, denied).child_ended("Failed", 200, "PodFailurePolicy").reconciled(203)


def _contested(job: Job) -> Job:
    contest = Contest("the Job's suspend does not stay as the operator sets it", over_in=60)
    job.apply(reconcile(replace(job.observed(), contest=contest), at(300), SETTINGS))
    return job


def _profile(kind: str) -> State:
    metadata = {"name": "calls-es", "generation": 1} | ({"namespace": "team"} if kind == names.PROFILE_KIND else {})
    return {"apiVersion": names.API_VERSION, "kind": kind, "metadata": metadata, "spec": {"language": "es"}}


def _object(kind: str, raw: dict[str, Any]) -> State:
    metadata = {name: raw["metadata"][name] for name in ("name", "namespace", "generation")}
    status = {name: raw["status"][name] for name in _READ if name in raw.get("status", {})}
    return {"apiVersion": names.API_VERSION, "kind": kind, "metadata": metadata, "spec": raw["spec"]} | (
        {"status": status} if status else {}
    )


def _without(state: State, field: str) -> State:
    return {**state, "status": {name: value for name, value in state["status"].items() if name != field}}
