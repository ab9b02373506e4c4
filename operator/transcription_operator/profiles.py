"""Profiles as the watches have shown them, and which one a job gets: the one that it names, else its namespace's default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from transcription_api.effective import EffectiveProfile
from transcription_api.names import CLUSTER_PROFILE_KIND, LABEL_DEFAULT_PROFILE, PROFILE_KIND
from transcription_operator.versions import is_newer

Raw = Mapping[str, Any]
ProfileKind = Literal["TranscriptionProfile", "ClusterTranscriptionProfile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A TranscriptionProfile or a ClusterTranscriptionProfile. The spec stays raw until it is used."""

    kind: ProfileKind
    namespace: str
    """Empty for a ClusterTranscriptionProfile."""
    name: str
    uid: str
    resource_version: str
    generation: int
    is_default: bool
    spec: Raw

    @property
    def title(self) -> str:
        """As messages call it."""
        return f"{self.kind} {self.name}"

    def reference(self) -> EffectiveProfile:
        """As a run records it."""
        return EffectiveProfile(kind=self.kind, name=self.name, generation=self.generation)


PROFILE_NOT_FOUND: Final = "ProfileNotFound"
SEVERAL_DEFAULTS: Final = "SeveralDefaultProfiles"


@dataclass(frozen=True, slots=True)
class NoProfile:
    """Why a job cannot have its profile yet."""

    reason: Literal["ProfileNotFound", "SeveralDefaultProfiles"]
    message: str


def read_profile(raw: Raw) -> Profile:
    """A profile of either kind from its API object."""
    metadata = raw["metadata"]
    namespace = metadata.get("namespace", "")
    return Profile(
        kind=PROFILE_KIND if namespace else CLUSTER_PROFILE_KIND,
        namespace=namespace,
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        is_default=(metadata.get("labels") or {}).get(LABEL_DEFAULT_PROFILE) == "true",
        spec=raw.get("spec") or {},
    )


class Profiles:
    """Every profile that the operator may see, by namespace and name; those of the cluster are under no namespace."""

    def __init__(self) -> None:
        self._by_namespace: dict[str, dict[str, Profile]] = {}

    def put(self, profile: Profile) -> bool:
        """Remember `profile`; False when this or a newer version is known already."""
        beside = self._by_namespace.setdefault(profile.namespace, {})
        known = beside.get(profile.name)
        if known and is_newer(known.resource_version, profile.resource_version):
            return False
        beside[profile.name] = profile
        return True

    def drop(self, profile: Profile) -> None:
        """A profile is gone; another may have its name by now."""
        beside = self._by_namespace.get(profile.namespace, {})
        known = beside.get(profile.name)
        if known and known.uid == profile.uid:
            del beside[profile.name]

    def keep_only(self, uids: set[str], seen_at: str, *, of_cluster: bool) -> None:
        """Forget what a listing of one kind, true at version `seen_at`, does not show any more."""
        places = [beside for namespace, beside in self._by_namespace.items() if (namespace == "") is of_cluster]
        for profile in [profile for beside in places for profile in beside.values()]:
            if profile.uid not in uids and is_newer(seen_at, profile.resource_version):
                self.drop(profile)

    def chosen(self, namespace: str, reference: Raw | None) -> Profile | NoProfile | None:
        """The profile of a job in `namespace` with this spec.profileRef; None: it names none, and there is no default."""
        if reference:
            return self._named(namespace, str(reference.get("kind", PROFILE_KIND)), str(reference.get("name")))
        return self._default(namespace) or self._default("")

    def _named(self, namespace: str, kind: str, name: str) -> Profile | NoProfile:
        where = "" if kind == CLUSTER_PROFILE_KIND else namespace
        found = self._by_namespace.get(where, {}).get(name)
        if found:
            return found
        place = f" in namespace {where}" if where else ""
        message = f"there is no {kind} {name}{place}, which spec.profileRef names; the run begins once it is there"
        return NoProfile(PROFILE_NOT_FOUND, message)

    def _default(self, namespace: str) -> Profile | NoProfile | None:
        found = [profile for profile in [*self._by_namespace.get(namespace, {}).values()] if profile.is_default]
        if len(found) < 2:
            return found[0] if found else None
        names = ", ".join(sorted(profile.name for profile in found))
        message = (
            f'several {found[0].kind}s are labelled {LABEL_DEFAULT_PROFILE}: "true": {names}. The run begins once one is left; '
            "or else name one in spec.profileRef of another TranscriptionJob"
        )
        return NoProfile(SEVERAL_DEFAULTS, message)
