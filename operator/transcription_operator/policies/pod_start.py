"""Why does a pod that is on its node not start? A volume that cannot be mounted, or an image that is being loaded: its status has
the one word ContainerCreating for all of it, and only its Events say more.

They are read when a pod has stood so for a few seconds and no other of the run works, and again at growing distances.
"""

from collections.abc import Iterable
from datetime import datetime

from transcription_operator.observed import ChildPod, Told
from transcription_operator.policies.obstacle import Obstacle, obstacle

_VOLUME = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})


def slow_to_start(pods: Iterable[ChildPod]) -> ChildPod | None:
    """The first pod by name that is on its node and does not say what it waits for; None while another one runs."""
    pods = [pod for pod in pods if not pod.deleting]
    if any(pod.phase == "Running" for pod in pods) or obstacle(pods):
        return None
    starting = [pod for pod in pods if pod.phase == "Pending" and pod.node]
    return min(starting, key=lambda pod: pod.name, default=None)


def starting_since(pods: Iterable[ChildPod]) -> datetime | None:
    """Since when that pod has been there."""
    pod = slow_to_start(pods)
    return pod.created if pod else None


def start_obstacle(told: Told | None) -> Obstacle | None:
    """What is in its way, by its last Event."""
    if told is None or told.reason in ("Pulling", "Pulled"):
        return None
    if told.reason in _VOLUME:
        return Obstacle("VolumeNotMounted", told.note)
    return Obstacle("ContainerNotStarted", f"{told.reason}: {told.note}")


def progress_of_start(told: Told | None) -> str:
    """What the pod does meanwhile, to be added to a message; empty: nothing is known."""
    return f"; the node loads the image: {told.note}" if told and told.reason == "Pulling" else ""
