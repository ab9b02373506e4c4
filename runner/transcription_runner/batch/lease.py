"""When a claim has been given up: judged by watching it, on one's own clock, so that no two clocks need agree."""

from dataclasses import dataclass


@dataclass
class _Sight:
    key: str
    etag: str
    at: float
    unchanged: float


class LeaseWatch:
    """Watches other pods' claims. A holder renews its claim by rewriting it, which changes the ETag.

    Only time in which the claim was really looked at counts: a step of more than `longest_step` seconds counts as that much.
    So an outage of the store, in which no holder can renew and nobody can look, expires no claim.
    """

    def __init__(self, lease_seconds: float, longest_step: float) -> None:
        self._lease = lease_seconds
        self._longest_step = longest_step
        self._sights: dict[str, _Sight] = {}

    def expired(self, name: str, key: str, etag: str, now: float) -> bool:
        """Note that `name` was claimed by the object `key` with `etag` at `now` (monotonic seconds): True once it stood still
        for a lease."""
        sight = self._sights.get(name)
        if sight is None or (sight.key, sight.etag) != (key, etag):
            self._sights[name] = _Sight(key, etag, now, 0.0)
            return False
        sight.unchanged += min(now - sight.at, self._longest_step)
        sight.at = now
        return sight.unchanged >= self._lease

    def forget(self, name: str) -> None:
        """Stop watching the claims on `name`."""
        self._sights.pop(name, None)

    def __len__(self) -> int:
        """How many names are watched."""
        return len(self._sights)
