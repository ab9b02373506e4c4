"""On which nodes did a GPU stop working, and should the run be moved away from them?

The template of a Job's pods cannot be changed, so a replacement may be placed on the same node and fail in the same way until the
retries are used up. Once no pod of the run works any more nothing is lost by making its Job anew, with pods that keep away
from these nodes. While others work it is left alone: they do the files of the dead one.

Pods keep away where they can. An error that looks like a dead device may have been a passing one, and its node the only one with
a GPU: a pod that could go nowhere else would wait for ever.
"""

from collections.abc import Iterable, Sequence

from transcription_api.names import DEVICE_FAILED, MAX_AVOIDED_NODES
from transcription_api.spec import TranscriptionJobSpec
from transcription_operator.observed import ChildJob, ChildPod
from transcription_operator.policies.failure import cause_of, coming_end


def nodes_to_avoid(known: Sequence[str], pods: Iterable[ChildPod]) -> list[str]:
    """The nodes `known` before, and those on which a device of `pods` failed."""
    failed = (pod for pod in pods if pod.phase == "Failed" and pod.node and cause_of(pod).reason == DEVICE_FAILED)
    return list(dict.fromkeys([*known, *sorted(pod.node for pod in failed)]))[:MAX_AVOIDED_NODES]


def is_to_be_moved(job: ChildJob, pods: Sequence[ChildPod], spec: TranscriptionJobSpec, avoided: Sequence[str]) -> bool:
    """Whether the Job should be made anew for the sake of nodes that it does not avoid yet. Each node is a reason but once.

    A queue controller's Job stays as it was admitted; where each shard has a limit of its own, a dead one is given up instead.
    """
    ours_to_move = job.queue is None and not job.suspended and spec.backoff_limit_per_index is None
    if not ours_to_move or set(avoided) <= set(job.avoided_nodes):
        return False
    at_work = any(pod.phase in ("Running", "Succeeded") for pod in pods)
    return not at_work and coming_end(job, pods, spec.backoff_limit) is None
