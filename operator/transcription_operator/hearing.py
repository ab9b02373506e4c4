"""Whether the watches still tell what happens.

A watch can break and stay open: nothing comes, and nobody is told. kopf opens one anew on which nothing came for a while, since
the API server sends a bookmark every minute. What is left, a watch that lives and is silent all the same, shows by comparison:
versions count upwards and a watch tells them in order, so what a listing shows the watch has told within seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transcription_operator.cluster import Kind
from transcription_operator.observed import Raw

PATIENCE = 10.0
"""Seconds after which a watch that owes something and tells nothing is silent: listings come more often then."""
HOPE = 120.0
"""Seconds after which a silent watch is not expected to come back: kopf's own remedy has had its time."""


@dataclass(slots=True)
class _Watch:
    told: int = 0
    """The newest version that the watch has told."""
    owed: int = 0
    """A version that is known and that the watch has yet to tell, if it is greater than `told`."""
    since: float = 0.0
    """When that was noticed, or when the watch told something last: one that lags behind is not silent."""


class Hearing:
    """What each watch has told, and what it owes. There is one of each kind for each of `namespaces`, or for all (none given)."""

    def __init__(self, clock: Callable[[], float], namespaces: Sequence[str]) -> None:
        self._clock = clock
        self._scopes = tuple(namespaces)
        self._watches: dict[tuple[Kind, str], _Watch] = {}

    def told(self, kind: Kind, raw: Raw) -> None:
        """A watch told of this object."""
        watch = self._watch(kind, raw["metadata"].get("namespace", ""))
        watch.told = max(watch.told, int(raw["metadata"]["resourceVersion"]))
        watch.since = self._clock()

    def listed(self, kind: Kind, newest: Mapping[str, int]) -> None:
        """A listing of `kind` showed these versions at most, namespace by namespace."""
        for scope in self._scopes if self._scopes and kind.namespaced else ("",):
            version = newest.get(scope, 0) if scope else max(newest.values(), default=0)
            watch = self._watch(kind, scope)
            # A debt stands, unless what was owed is deleted meanwhile.
            if watch.owed <= watch.told or version < watch.owed:
                watch.owed, watch.since = version, self._clock()

    def _watch(self, kind: Kind, namespace: str) -> _Watch:
        return self._watches.setdefault((kind, namespace if self._scopes and kind.namespaced else ""), _Watch())

    def silent(self, seconds: float = PATIENCE) -> list[str]:
        """The watches that owe something and have told nothing for so long: the plural of what they tell of, and where."""
        now = self._clock()
        return [
            f"{kind.plural} in {namespace or 'all namespaces'}"
            for (kind, namespace), watch in self._watches.items()
            if watch.owed > watch.told and now - watch.since >= seconds
        ]
