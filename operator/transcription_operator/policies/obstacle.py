"""Why does a pod not start? The scheduler's and the kubelet's words, turned into a reason and what to do."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from transcription_api.names import SECRET_ACCESS_KEY, SECRET_SECRET_KEY
from transcription_operator.observed import ChildPod, Waiting

_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_HARMLESS = {"", "ContainerCreating", "PodInitializing"}
_MISSING_SECRET = re.compile(r'secrets? "(?P<name>[^"]+)" not found', re.IGNORECASE)
_MISSING_KEY = re.compile(r"couldn't find key (?P<key>\S+) in Secret (?P<name>\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a pod from starting."""

    reason: str
    message: str


def obstacle(pods: Iterable[ChildPod]) -> Obstacle | None:
    """The first obstacle among the pods that wait, by pod name."""
    waiting = sorted((pod for pod in pods if pod.phase == "Pending" and not pod.deleting), key=lambda pod: pod.name)
    return next(filter(None, (_of(pod) for pod in waiting)), None)


def _of(pod: ChildPod) -> Obstacle | None:
    if pod.unschedulable is not None:
        return Obstacle("Unschedulable", pod.unschedulable or f"pod {pod.name} fits on no node")
    if pod.unclaimed:
        template = f"a ResourceClaimTemplate {pod.unclaimed} in namespace {pod.namespace}"
        more = f"kubectl describe pod -n {pod.namespace} {pod.name}"
        return Obstacle("ClaimNotMade", f"no claim on a GPU was made yet: is there {template}? More says {more}")
    if pod.waiting is None or pod.waiting.reason in _HARMLESS:
        return None
    if pod.waiting.reason in _IMAGE_REASONS:
        return Obstacle("ImagePullFailed", f"the runner's image cannot be pulled: {pod.waiting.message or pod.waiting.reason}")
    return _missing_secret(pod.namespace, pod.waiting) or Obstacle(
        "ContainerNotStarted", f"{pod.waiting.reason}: {pod.waiting.message}".removesuffix(": ")
    )


def _missing_secret(namespace: str, waiting: Waiting) -> Obstacle | None:
    keys = f"{SECRET_ACCESS_KEY} and {SECRET_SECRET_KEY}"
    if found := _MISSING_SECRET.search(waiting.message):
        message = f"Secret {found['name']} is not in namespace {namespace}: create it with the keys {keys}"
        return Obstacle("SecretNotFound", message)
    if found := _MISSING_KEY.search(waiting.message):
        name = found["name"].rpartition("/")[2]
        message = f"Secret {name} in namespace {namespace} has no key {found['key']}: it needs the keys {keys}"
        return Obstacle("SecretKeyNotFound", message)
    return None
