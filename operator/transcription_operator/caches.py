"""What the watches have shown so far, in memory: unfinished TranscriptionJobs, child Jobs, pods of unfinished runs.

Objects come from several streams (kopf's watches, the operator's own writes, the periodic listing), so an older version never
replaces a newer one. A TranscriptionJob that is settled leaves nothing but its phase and the version it was settled at.
"""

from typing import Generic, Protocol, TypeVar

from transcription_operator.observed import ChildJob, ChildPod, Observed, Resource


class _Child(Protocol):
    @property
    def uid(self) -> str: ...

    @property
    def owner_uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...


AnyChild = TypeVar("AnyChild", bound=_Child)


def is_newer(version: str, than: str | None) -> bool:
    """Whether a resource version is not older than another; the API server counts them upwards."""
    return than is None or int(version) >= int(than)


class Children(Generic[AnyChild]):
    """Child objects of one kind, by their owner."""

    def __init__(self) -> None:
        self._by_owner: dict[str, dict[str, AnyChild]] = {}

    def put(self, child: AnyChild) -> None:
        """Remember `child` unless a newer version of it is known."""
        siblings = self._by_owner.setdefault(child.owner_uid, {})
        known = siblings.get(child.uid)
        if is_newer(child.resource_version, known.resource_version if known else None):
            siblings[child.uid] = child

    def drop(self, owner_uid: str, uid: str) -> None:
        """Forget a child that is gone."""
        siblings = self._by_owner.get(owner_uid, {})
        siblings.pop(uid, None)
        if not siblings:
            self._by_owner.pop(owner_uid, None)

    def drop_all(self, owner_uid: str) -> None:
        """Forget every child of an owner."""
        self._by_owner.pop(owner_uid, None)

    def of(self, owner_uid: str) -> tuple[AnyChild, ...]:
        """The children of an owner."""
        return tuple(self._by_owner.get(owner_uid, {}).values())

    def keep_only(self, uids: set[str], seen_at: str) -> set[str]:
        """Forget what is not among `uids` and not newer than the listing they come from; returns the owners concerned."""
        gone = [
            child
            for siblings in self._by_owner.values()
            for child in siblings.values()
            if child.uid not in uids and is_newer(seen_at, child.resource_version)
        ]
        for child in gone:
            self.drop(child.owner_uid, child.uid)
        return {child.owner_uid for child in gone}


class Caches:
    """Everything that is remembered."""

    def __init__(self) -> None:
        self.jobs: Children[ChildJob] = Children()
        self.pods: Children[ChildPod] = Children()
        self._departed: dict[str, dict[str, ChildPod]] = {}
        self._resources: dict[str, Resource] = {}
        self._settled: dict[str, str] = {}

    def resource(self, uid: str) -> Resource | None:
        """An unsettled TranscriptionJob."""
        return self._resources.get(uid)

    def put_resource(self, resource: Resource) -> bool:
        """Remember `resource`; False when this or a newer version is known already."""
        known = self._resources.get(resource.uid)
        version = known.resource_version if known else self._settled.get(resource.uid)
        if version is not None and int(resource.resource_version) <= int(version):
            return False
        self._settled.pop(resource.uid, None)
        self._resources[resource.uid] = resource
        return True

    def settle(self, uid: str) -> None:
        """Keep nothing of a TranscriptionJob but its version: there is nothing left to do."""
        resource = self._resources.pop(uid, None)
        if resource is not None:
            self._settled[uid] = resource.resource_version
        self.pods.drop_all(uid)
        self._departed.pop(uid, None)

    def put_pod(self, pod: ChildPod) -> None:
        """Remember a pod, unless its run is over."""
        if pod.owner_uid not in self._settled:
            self.pods.put(pod)

    def drop_pod(self, pod: ChildPod) -> None:
        """A pod is gone; what it reported last is kept until status has it."""
        self.pods.drop(pod.owner_uid, pod.uid)
        if pod.report and pod.owner_uid not in self._settled:
            self._departed.setdefault(pod.owner_uid, {})[pod.uid] = pod

    def recorded(self, observed: Observed) -> None:
        """Status has what the departed pods of `observed` reported."""
        departed = self._departed.get(observed.resource.uid, {})
        for pod in observed.departed:
            departed.pop(pod.uid, None)
        if not departed:
            self._departed.pop(observed.resource.uid, None)

    def forget(self, uid: str) -> None:
        """A TranscriptionJob is gone."""
        self._resources.pop(uid, None)
        self._settled.pop(uid, None)
        self.jobs.drop_all(uid)
        self.pods.drop_all(uid)
        self._departed.pop(uid, None)

    def unsettled(self) -> tuple[str, ...]:
        """The uids of the TranscriptionJobs that something is to be done for."""
        return tuple(self._resources)

    def gone(self, uids: set[str], seen_at: str) -> list[str]:
        """TranscriptionJobs that a listing, true at version `seen_at`, does not show any more."""
        versions = {uid: resource.resource_version for uid, resource in self._resources.items()} | self._settled
        return [uid for uid, version in versions.items() if uid not in uids and is_newer(seen_at, version)]

    def observed(self, uid: str) -> Observed | None:
        """What is known about a TranscriptionJob; None when it is settled or gone."""
        resource = self._resources.get(uid)
        if resource is None:
            return None
        departed = tuple(self._departed.get(uid, {}).values())
        return Observed(resource, self.jobs.of(uid), self.pods.of(uid), departed=departed)
