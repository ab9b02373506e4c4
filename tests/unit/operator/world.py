"""Builders of what an operator observes, so that a test reads like a sentence: `a_job("calls").with_shard(0, succeeded=3)`."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from transcription_api.names import ANNOTATION_REPORT, API_VERSION, KIND, LABEL_DEFAULT_PROFILE, LABEL_JOB_UID
from transcription_operator.observed import ChildJob, ChildPod, Observed, Refusal, Told, read_job, read_pod, read_resource
from transcription_operator.plan import DeleteJob, PatchJob, Plan, StartRun
from transcription_operator.pod_report import LABEL_INDEX
from transcription_operator.profiles import NoProfile, Profile, read_profile
from transcription_operator.reconcile import reconcile
from transcription_operator.run import current_run
from transcription_operator.settings import OperatorSettings
from transcription_operator.speeds import Speeds

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

SETTINGS = OperatorSettings.model_validate(
    {
        "storage": {"endpoint": "http://minio:9000"},
        "runner": {"image": "runner:1", "nodeSelector": {"gpu": "a100"}, "tolerations": [{"key": "gpu", "operator": "Exists"}]},
    }
)


def at(seconds: float) -> datetime:
    """The moment `seconds` after the start of the test's time."""
    return START + timedelta(seconds=seconds)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class Job:
    """A TranscriptionJob with its child Job and pods, as the API server would show them."""

    def __init__(self, name: str) -> None:
        self.raw: dict[str, Any] = {
            "metadata": {
                "name": name,
                "namespace": "team",
                "uid": f"uid-of-{name}",
                "resourceVersion": "1",
                "generation": 1,
                "creationTimestamp": text(START),
            },
            "spec": {"source": {"bucket": "calls"}, "ttlSecondsAfterFinished": 3600},
            "status": {},
        }
        self.children: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, dict[str, Any]] = {}
        self.refusal: Refusal | None = None
        self.creation_failure: str | None = None
        self.start_event: Told | None = None
        self.profile: Profile | NoProfile | None = None
        self.departed: tuple[ChildPod, ...] = ()
        self.speeds = Speeds()
        self.events: list[tuple[str, str]] = []
        self.reports: dict[int, dict[str, Any]] = {}
        self._made = 0

    # --- the resource ---------------------------------------------------------------------------------------------

    def asking(self, **spec: Any) -> Self:
        """With these fields of the spec (camelCase), a new generation."""
        self.raw["spec"].update(spec)
        self.raw["metadata"]["generation"] += 1
        return self

    def labelled(self, **labels: str) -> Self:
        self.raw["metadata"]["labels"] = {name.replace("__", "/").replace("_", "-"): value for name, value in labels.items()}
        return self

    def queued(self, queue: str = "gpu") -> Self:
        self.raw["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": queue}
        return self

    def with_profile(self, name: str = "calls-es", generation: int = 1, **spec: Any) -> Self:
        """Its profile says what is in `spec` (camelCase)."""
        self.profile = a_profile(name, generation=generation, **spec)
        return self

    def without_profile(self, message: str = "there is no such profile") -> Self:
        """It names a profile that is not there."""
        self.profile = NoProfile("ProfileNotFound", message)
        return self

    def being_deleted(self) -> Self:
        self.raw["metadata"]["deletionTimestamp"] = text(START)
        return self

    def refused(self, message: str, *, final: bool) -> Self:
        self.refusal = Refusal(message, final)
        return self

    def with_shard(
        self, index: int = 0, *, stage: str = "Transcribing", reported: float = 60, job_name: str | None = None, **figures: Any
    ) -> Self:
        """The index's pod reports (one is there from now on): total, succeeded, skipped, failed files; audio=(processed, total);
        languages, wordTimes, failures, manifest, message, run."""
        counts = {name: figures.pop(name) for name in ("total", "succeeded", "skipped", "failed") if name in figures}
        processed, total = figures.pop("audio", (0, 0))
        self.reports[index] = {
            "index": index,
            "jobName": job_name or self.job_name,
            "podName": f"{self.job_name}-{index}-abcde",
            "files": counts,
            "audioSeconds": {"processed": processed, "total": total},
            "stage": stage,
            "lastUpdateTime": text(at(reported)),
            **figures,
        }
        if not self._pods_of(index):
            self.with_running_pod(index)
        if job_name:
            self._pods_of(index)[-1]["metadata"]["ownerReferences"][0]["uid"] = f"uid-{job_name}"
        self._pods_of(index)[-1]["metadata"]["annotations"] = {ANNOTATION_REPORT: json.dumps(self.reports[index])}
        return self

    def _pods_of(self, index: int) -> list[dict[str, Any]]:
        return [pod for pod in self.pods.values() if pod["metadata"]["labels"][LABEL_INDEX] == str(index)]

    # --- its children ---------------------------------------------------------------------------------------------

    @property
    def job_name(self) -> str:
        """The child Job of the run that the spec asks for."""
        resource = read_resource(self.raw)
        return current_run(resource.name, resource.uid, resource.run_id, resource.status).job_name

    @property
    def child(self) -> dict[str, Any]:
        return self.children[self.job_name]

    def with_child(self, name: str | None = None, *, started: float | None = 0, made: float = -60, **spec: Any) -> Self:
        """Its Job, which has been there for a while unless it is said when it was `made`."""
        name = name or self.job_name
        self.children[name] = {
            "metadata": {
                "name": name,
                "namespace": "team",
                "uid": f"uid-{name}",
                "resourceVersion": "1",
                "creationTimestamp": text(at(made)),
                "labels": {LABEL_JOB_UID: self.raw["metadata"]["uid"]},
                "ownerReferences": [
                    {"apiVersion": API_VERSION, "kind": KIND, "uid": self.raw["metadata"]["uid"], "controller": True}
                ],
            },
            "spec": {"parallelism": 1, "completions": 1, "suspend": False, **spec},
            "status": {"startTime": text(at(started))} if started is not None else {},
        }
        return self

    def child_ended(self, how: str, when: float, reason: str = "", message: str = "", name: str | None = None) -> Self:
        status = self.children[name or self.job_name]["status"]
        status["conditions"] = [
            {"type": how, "status": "True", "reason": reason, "message": message, "lastTransitionTime": text(at(when))}
        ]
        return self

    def with_failed_indexes(self, indexes: str) -> Self:
        """The Job controller has given these indexes up."""
        self.child["status"]["failedIndexes"] = indexes
        return self

    def child_is_failing(self, message: str = "") -> Self:
        """The Job controller has seen what will end the Job."""
        condition = {"type": "FailureTarget", "status": "True", "reason": "PodFailurePolicy", "message": message}
        self.child["status"]["conditions"] = [condition]
        return self

    def with_pod(self, index: int = 0, phase: str = "Running", **status: Any) -> Self:
        self._made += 1
        name = f"{self.job_name}-{index}-{self._made:05}"
        self.pods[name] = {
            "metadata": {
                "name": name,
                "namespace": "team",
                "uid": f"uid-{name}",
                "resourceVersion": "1",
                "creationTimestamp": text(at(self._made)),
                "labels": {
                    LABEL_JOB_UID: self.raw["metadata"]["uid"],
                    "batch.kubernetes.io/job-name": self.job_name,
                    LABEL_INDEX: str(index),
                },
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "uid": f"uid-{self.job_name}", "controller": True}],
            },
            "status": {"phase": phase, **status},
        }
        if phase == "Succeeded" and index in self.reports:  # a pod that ended well is one that reported
            self.pods[name]["metadata"]["annotations"] = {ANNOTATION_REPORT: json.dumps(self.reports[index])}
        return self

    def with_running_pod(self, index: int = 0, since: float = 0) -> Self:
        return self.with_pod(index, "Running", **container(running={"startedAt": text(at(since))}))

    def with_unschedulable_pod(self, message: str) -> Self:
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        return self.with_pod(0, "Pending", conditions=[condition])

    def with_waiting_pod(self, reason: str, message: str = "") -> Self:
        return self.with_pod(0, "Pending", **container(waiting={"reason": reason, "message": message}))

    def pod_gone(self) -> Self:
        """The last pod is deleted, and nobody saw how it ended."""
        self.pods.popitem()
        return self

    def pod_ended(self, when: float, exit_code: int = 0) -> Self:
        """The last pod's container ends."""
        status = next(reversed(self.pods.values()))["status"]
        began = status["containerStatuses"][0]["state"]["running"]["startedAt"]
        ended = {"exitCode": exit_code, "reason": "Error", "message": "", "startedAt": began, "finishedAt": text(at(when))}
        status.update({"phase": "Failed" if exit_code else "Succeeded", **container(terminated=ended)})
        return self

    def on_node(self, name: str) -> Self:
        """The last pod was placed there."""
        next(reversed(self.pods.values()))["spec"] = {"nodeName": name}
        return self

    def with_failed_pod(self, exit_code: int, message: str = "", reason: str = "Error", when: float = 60, index: int = 0) -> Self:
        ended = {
            "exitCode": exit_code,
            "reason": reason,
            "message": message,
            "startedAt": text(START),
            "finishedAt": text(at(when)),
        }
        return self.with_pod(index, "Failed", **container(terminated=ended))

    def started(self, seconds: float = 0) -> Self:
        """The run's one pod runs, and the operator has seen it."""
        self.child["status"]["startTime"] = text(at(seconds))
        return self.with_running_pod(since=seconds).reconciled(seconds)

    def without_pods(self) -> Self:
        self.pods.clear()
        return self

    # --- the operator at work -------------------------------------------------------------------------------------

    def observed(self) -> Observed:
        return Observed(
            read_resource(self.raw),
            tuple(self._jobs()),
            tuple(self._pods()),
            self.refusal,
            departed=self.departed,
            creation_failure=self.creation_failure,
            start_event=self.start_event,
            profile=self.profile,
            speeds=self.speeds,
        )

    def reconcile(self, seconds: float = 0, settings: OperatorSettings = SETTINGS) -> Plan:
        """What the operator would do now."""
        return reconcile(self.observed(), at(seconds), settings)

    def reconciled(self, seconds: float = 0, settings: OperatorSettings = SETTINGS) -> Self:
        """Do it, and whatever follows from it, until nothing is left to do."""
        for _ in range(10):
            plan = self.reconcile(seconds, settings)
            self.apply(plan)
            if not plan.children and plan.status is None:
                return self
        raise AssertionError(f"does not come to rest: {plan}")

    def apply(self, plan: Plan, steps: int | None = None) -> None:
        """Do as the plan says, or only its first `steps` steps, as an operator that is killed in the middle."""
        actions = plan.children if steps is None else plan.children[:steps]
        for action in actions:
            self._act(action)
        if steps is None or steps > len(plan.children):
            for name, value in (plan.status or {}).items():
                if value is None:
                    self.raw["status"].pop(name, None)
                else:
                    self.raw["status"][name] = _merged(self.raw["status"].get(name), value)
            self.events += [(event.kind, event.reason) for event in plan.events]

    def _act(self, action: Any) -> None:
        match action:
            case StartRun(job, announcement):
                name = job["metadata"]["name"]
                if name not in self.children:
                    fields = ("parallelism", "completions", "suspend", "ttlSecondsAfterFinished")
                    spec = {field: job["spec"][field] for field in fields if field in job["spec"]}
                    self.with_child(name, started=None, **spec)
                    for field in ("labels", "annotations"):
                        self.children[name]["metadata"][field] = dict(job["metadata"][field])
                    if announcement:
                        self.events.append((announcement.kind, announcement.reason))
            case PatchJob(name, _, spec, annotations):
                self.children[name]["spec"].update(spec)
                self.children[name]["metadata"].setdefault("annotations", {}).update(annotations)
            case DeleteJob(name, uid):
                self.children.pop(name, None)
                self.pods = {pod: raw for pod, raw in self.pods.items() if raw["metadata"]["ownerReferences"][0]["uid"] != uid}

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.raw["status"])

    def condition(self, kind: str) -> dict[str, Any]:
        return next((c for c in self.raw["status"].get("conditions", []) if c["type"] == kind), {})

    def _jobs(self) -> list[ChildJob]:
        return [read_job(raw) for raw in self.children.values()]

    def _pods(self) -> list[ChildPod]:
        return [read_pod(raw) for raw in self.pods.values()]


def a_job(name: str = "calls") -> Job:
    """A TranscriptionJob that nobody has looked at yet."""
    return Job(name)


def a_profile(
    name: str = "calls-es", *, namespace: str = "team", generation: int = 1, default: bool = False, **spec: Any
) -> Profile:
    """A profile as the API server would show it; without a namespace, one of the cluster."""
    metadata = {
        "name": name,
        "uid": f"uid-of-{namespace}-{name}",
        "resourceVersion": str(generation),
        "generation": generation,
        "labels": {LABEL_DEFAULT_PROFILE: "true"} if default else {},
    }
    return read_profile({"metadata": metadata | ({"namespace": namespace} if namespace else {}), "spec": spec})


def a_running_job(name: str = "calls", **spec: Any) -> Job:
    """A TranscriptionJob whose one pod has been running since the start."""
    return a_job(name).asking(**spec).reconciled().started()


def container(**state: Any) -> dict[str, Any]:
    """The part of a pod's status that speaks of the runner container."""
    return {"containerStatuses": [{"name": "runner", "state": state}]}


def _merged(before: Any, patch: Any) -> Any:
    if isinstance(patch, dict):
        known = before if isinstance(before, dict) else {}
        changed = {name: _merged(known.get(name), value) for name, value in patch.items() if value is not None}
        return {name: value for name, value in known.items() if name not in patch} | changed
    return patch


def finished(job: Job, when: float = 100) -> Job:
    """All pods done, all reports in."""
    return job.without_pods().with_pod(0, "Succeeded").child_ended("Complete", when)
