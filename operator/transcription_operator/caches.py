"""What the watches have shown so far, in memory: unfinished TranscriptionJobs, child Jobs, pods of unfinished runs.

Objects come from several streams (kopf's watches, the operator's own writes, the periodic listing), so an older version never
replaces a newer one. A TranscriptionJob that is settled leaves nothing but its phase and the version it was settled at,
and how fast it was, in a table of bounded size.

The watches select by a label, which anybody can write, in any namespace. Whose child an object is, its controller says alone:
without one of the right kind it is not kept. The streams keep no order among each other, so a pod may come before its Job, and
which pods are a TranscriptionJob's is decided when it is looked at.
"""

from typing import Generic, Protocol, TypeVar

from transcription_operator.observed import ChildJob, ChildPod, Observed, Resource
from transcription_operator.profiles import Profiles
from transcription_operator.speeds import Speeds
from transcription_operator.versions import is_newer

MAX_EARLY_PODS = 1000
"""Pods that may wait for their Job to be seen. More are a stranger's; if one of ours had to go, the next listing has it."""


class _Child(Protocol):
    @property
    def uid(self) -> str: ...

    @property
    def owner_uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...


AnyChild = TypeVar("AnyChild", bound=_Child)


class Children(Generic[AnyChild]):
    """Child objects of one kind, by the uid of the controller that owns them."""

    def __init__(self) -> None:
        self._by_owner: dict[str, dict[str, AnyChild]] = {}
        self._owners: dict[str, str] = {}

    def put(self, child: AnyChild) -> bool:
        """Remember `child` unless a newer version of it is known; one that nobody owns, or no longer, is nobody's child.

        False when this very version, or a newer one, is known already: it is no news.
        """
        known = self.get(child.uid)
        if known and int(child.resource_version) <= int(known.resource_version):
            return False
        if known and known.owner_uid != child.owner_uid:
            self.drop(child.uid)
        if child.owner_uid:
            self._by_owner.setdefault(child.owner_uid, {})[child.uid] = child
            self._owners[child.uid] = child.owner_uid
        return True

    def drop(self, uid: str) -> None:
        """Forget a child that is gone."""
        owner_uid = self._owners.pop(uid, None)
        if owner_uid is None:
            return
        del self._by_owner[owner_uid][uid]
        if not self._by_owner[owner_uid]:
            del self._by_owner[owner_uid]

    def drop_all(self, owner_uid: str) -> None:
        """Forget every child of an owner."""
        for child in self.of(owner_uid):
            self.drop(child.uid)

    def get(self, uid: str) -> AnyChild | None:
        """A child; None: it is not known."""
        owner_uid = self._owners.get(uid)
        return self._by_owner[owner_uid][uid] if owner_uid else None

    def of(self, owner_uid: str) -> tuple[AnyChild, ...]:
        """The children of an owner."""
        return tuple(self._by_owner.get(owner_uid, {}).values())

    def keep_only(self, uids: set[str], seen_at: str) -> None:
        """Forget what is not among `uids` and not newer than the listing they come from."""
        gone = [
            child
            for siblings in self._by_owner.values()
            for child in siblings.values()
            if child.uid not in uids and is_newer(seen_at, child.resource_version)
        ]
        for child in gone:
            self.drop(child.uid)


class Caches:
    """Everything that is remembered."""

    def __init__(self) -> None:
        self.jobs: Children[ChildJob] = Children()
        self.pods: Children[ChildPod] = Children()
        self.profiles = Profiles()
        self.speeds = Speeds()
        self._departed: dict[str, dict[str, ChildPod]] = {}
        self._resources: dict[str, Resource] = {}
        self._settled: dict[str, str] = {}
        self._early_pods: dict[str, ChildPod] = {}

    def resource(self, uid: str) -> Resource | None:
        """An unsettled TranscriptionJob."""
        return self._resources.get(uid)

    def has_seen(self, uid: str, version: str) -> bool:
        """Whether this version of a TranscriptionJob, or a newer one, is known already."""
        resource = self._resources.get(uid)
        known = resource.resource_version if resource else self._settled.get(uid)
        return known is not None and int(version) <= int(known)

    def put_resource(self, resource: Resource) -> bool:
        """Remember `resource`; False when this or a newer version is known already."""
        if self.has_seen(resource.uid, resource.resource_version):
            return False
        self._settled.pop(resource.uid, None)
        self._resources[resource.uid] = resource
        self.speeds.learn(resource.uid, resource.status)
        return True

    def settle(self, uid: str) -> None:
        """Keep nothing of a TranscriptionJob but its version: there is nothing left to do."""
        resource = self._resources.pop(uid, None)
        if resource is not None:
            self._settled[uid] = resource.resource_version
        for job in self.jobs.of(uid):
            self.pods.drop_all(job.uid)
        self._departed.pop(uid, None)

    def put_job(self, job: ChildJob) -> bool:
        """Remember a Job, and its pods that came before it; False when this or a newer version is known already."""
        news = self.jobs.put(job)
        for pod in [pod for pod in self._early_pods.values() if pod.owner_uid == job.uid]:
            self.put_pod(self._early_pods.pop(pod.uid))
        return news

    def put_pod(self, pod: ChildPod) -> None:
        """Remember a pod, unless its run is over, or its Job is elsewhere. One whose Job is yet to be seen waits for that."""
        job = self.jobs.get(pod.owner_uid)
        if job is None and pod.owner_uid:
            known = self._early_pods.pop(pod.uid, pod)
            self._early_pods[pod.uid] = pod if is_newer(pod.resource_version, known.resource_version) else known
            if len(self._early_pods) > MAX_EARLY_PODS:
                del self._early_pods[next(iter(self._early_pods))]
        elif job is None or (job.namespace == pod.namespace and job.owner_uid not in self._settled):
            self.pods.put(pod)

    def owner_of(self, pod: ChildPod) -> Resource | None:
        """The unsettled TranscriptionJob whose Job controls the pod, all three in one namespace."""
        job = self.jobs.get(pod.owner_uid)
        resource = self._resources.get(job.owner_uid) if job and job.namespace == pod.namespace else None
        return resource if resource and resource.namespace == pod.namespace else None

    def drop_job(self, uid: str) -> None:
        """A Job is gone; its pods are nobody's then."""
        self.jobs.drop(uid)
        self.pods.drop_all(uid)

    def drop_pod(self, pod: ChildPod) -> None:
        """A pod is gone; what it reported last is kept until status has it."""
        self.pods.drop(pod.uid)
        self._early_pods.pop(pod.uid, None)
        resource = self.owner_of(pod)
        if pod.report and resource:
            self._departed.setdefault(resource.uid, {})[pod.uid] = pod

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
        for job in self.jobs.of(uid):
            self.drop_job(job.uid)
        self._departed.pop(uid, None)

    def unsettled(self) -> tuple[str, ...]:
        """The uids of the TranscriptionJobs that something is to be done for."""
        return tuple(self._resources)

    def yet_to_begin(self) -> tuple[str, ...]:
        """The uids of the TranscriptionJobs whose run has not recorded what it works with: a profile has a say in it still."""
        return tuple(uid for uid, resource in self._resources.items() if not _has_begun(resource))

    def gone(self, uids: set[str], seen_at: str) -> list[str]:
        """TranscriptionJobs that a listing, true at version `seen_at`, does not show any more."""
        versions = {uid: resource.resource_version for uid, resource in self._resources.items()} | self._settled
        return [uid for uid, version in versions.items() if uid not in uids and is_newer(seen_at, version)]

    def observed(self, uid: str) -> Observed | None:
        """What is known about a TranscriptionJob; None when it is settled or gone. Other namespaces have no say in it."""
        resource = self._resources.get(uid)
        if resource is None:
            return None
        jobs = tuple(job for job in self.jobs.of(uid) if job.namespace == resource.namespace)
        pods = tuple(pod for job in jobs for pod in self.pods.of(job.uid))
        departed = tuple(self._departed.get(uid, {}).values())
        profile = self.profiles.chosen(resource.namespace, resource.spec.get("profileRef"))
        return Observed(resource, jobs, pods, departed=departed, profile=profile, speeds=self.speeds)


def _has_begun(resource: Resource) -> bool:
    return resource.status.effective is not None and resource.status.run_id == resource.run_id
