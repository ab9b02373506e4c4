"""Why did it fail? The runner's own word for it (its termination message) where there is one, else Kubernetes'."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from transcription_api.names import FINAL_EXIT_CODES, ExitCode
from transcription_api.termination import read_termination_message
from transcription_operator.observed import ChildJob, ChildPod, Termination

FAILED_INDEXES = "FailedIndexes"
"""Why a Job failed some of whose indexes failed for good, in Kubernetes' word."""
_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_]{0,126}[A-Za-z0-9])?")
_NEVER = datetime.min.replace(tzinfo=UTC)
_LOG_TAIL = 1000


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something failed."""

    reason: str
    message: str


def last_cause(pods: Iterable[ChildPod]) -> Cause | None:
    """Why the pod that failed last did so."""
    failed = [pod for pod in pods if pod.phase == "Failed"]
    if not failed:
        return None
    return cause_of(max(failed, key=lambda pod: (pod.termination and pod.termination.at) or _NEVER))


def job_cause(job: ChildJob, pods: Iterable[ChildPod], deadline_seconds: int | None) -> Cause:
    """Why the Job failed."""
    pod_cause = last_cause(pods)
    if job.end_reason == "DeadlineExceeded":
        return Cause("DeadlineExceeded", f"did not end within spec.activeDeadlineSeconds ({deadline_seconds})")
    if job.end_reason == "PodFailurePolicy" and pod_cause:
        return pod_cause
    if job.end_reason == "BackoffLimitExceeded" and pod_cause:
        message = f"more pods failed than spec.backoffLimit allows; the last: {pod_cause.reason}: {pod_cause.message}"
        return Cause("BackoffLimitExceeded", message)
    if job.end_reason == FAILED_INDEXES and pod_cause:
        shards = f"shard {job.failed_indexes} failed more often than spec.backoffLimitPerIndex allows, and files are left"
        return Cause(FAILED_INDEXES, f"{shards}; the last: {pod_cause.reason}: {pod_cause.message}")
    # The word of whoever manages the Job, which need not be Kubernetes' own controller (spec.managedBy).
    return Cause(_word(job.end_reason) or "JobFailed", job.end_message or f"Job {job.name} failed without saying why")


def coming_end(job: ChildJob, pods: Iterable[ChildPod], backoff_limit: int | None) -> Cause | None:
    """Why the Job is about to fail: after an exit code that no retry can change, or one failed pod too many.

    `backoff_limit` is None where each index has a limit of its own.
    """
    pods = list(pods)
    cause = last_cause(pods)
    if cause is None:
        return Cause("JobFailing", job.failing) if job.failing else None
    codes = [pod.termination.exit_code for pod in pods if pod.phase == "Failed" and pod.termination]
    spent = backoff_limit is not None and sum(_costs_a_retry(pod) for pod in pods) > backoff_limit
    return cause if job.failing or spent or any(code in FINAL_EXIT_CODES for code in codes) else None


def _costs_a_retry(pod: ChildPod) -> bool:
    interrupted = pod.termination is not None and pod.termination.exit_code == ExitCode.INTERRUPTED
    return pod.phase == "Failed" and not pod.disrupted and not interrupted


def cause_of(pod: ChildPod) -> Cause:
    """Why a failed pod failed."""
    ended = pod.termination
    if ended is None:
        return Cause(_word(pod.reason) or "PodFailed", pod.message or f"pod {pod.name} failed before the runner started")
    said = read_termination_message(ended.message)
    if said:
        return Cause(said.reason, said.message)
    if ended.reason == "OOMKilled":
        return Cause("OutOfMemory", "the runner used more memory than it may: raise compute.resources.limits.memory")
    return Cause(_by_exit_code(ended), _tail(ended, pod))


def _by_exit_code(ended: Termination) -> str:
    try:
        name = ExitCode(ended.exit_code).name
    except ValueError:
        return (_word(ended.reason) if ended.reason != "Error" else "") or "RunnerFailed"
    return "".join(word.capitalize() for word in name.split("_"))


def _tail(ended: Termination, pod: ChildPod) -> str:
    log = ended.message.strip()[-_LOG_TAIL:]
    return f"pod {pod.name} ended with exit code {ended.exit_code}" + (f": {log}" if log else "")


def _word(text: str) -> str:
    """`text` if a condition may carry it as its reason, else nothing."""
    return text if _REASON.fullmatch(text) else ""
