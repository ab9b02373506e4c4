"""Claims: how pods share files without a coordinator.

A claim on a file is an object beside the ledger, `claims/<name>-<generation>.claim`, created only where there is none
(conditional PUT), so one pod wins. The holder rewrites it now and then. A claim that stands still for a lease is given up
(`lease.LeaseWatch`): another pod takes over by creating the next generation, again only where there is none. The highest
generation is the holder's; whoever finds a higher one than its own has lost the claim and drops its work.

A claim is released highest generation first, so as long as generation 0 is there nobody starts anew beside a holder. And since
the ledger entry is written before the claim is released, a pod that wins a claim looks into the ledger once more.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from uuid import uuid4

from transcription_api.ledger import Worker
from transcription_runner.batch.lease import LeaseWatch
from transcription_runner.batch.parallel import AT_ONCE, for_each
from transcription_runner.store.port import ObjectInfo, ObjectMissingError, Store


@dataclass(frozen=True)
class Claim:
    """The right to work on the file called `name` (the hash under which the ledger knows it)."""

    name: str
    generation: int


class Claims:
    """The claims of one pod. Safe to use from several threads."""

    def __init__(
        self, store: Store, bucket: str, prefix: str, worker: Worker, watch: LeaseWatch, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._folder = f"{prefix}.ledger/claims/"
        self._worker = worker
        self._watch = watch
        self._now = now
        self._nonce = uuid4().hex
        self._lock = Lock()
        self._renewing = Lock()
        self._held: dict[Claim, int] = {}

    def acquire(self, name: str) -> Claim | None:
        """The claim on `name`, or None while somebody else holds it."""
        claim = Claim(name, 0)
        if self._create(claim):
            self._watch.forget(name)
            return claim
        generations = self._generations(name)
        if not generations:
            return None
        latest = generations[-1]
        holder = self._holder(latest.key)
        if holder is None:
            return None
        claim = Claim(name, _generation(latest.key))
        if holder.get("nonce") == self._nonce:  # our own write, whose answer was lost on the way
            self._hold(claim)
            return claim
        is_predecessor = (holder.get("jobName"), holder.get("shard")) == (self._worker.job_name, self._worker.shard)
        if not is_predecessor and not self._watch.expired(name, latest.key, latest.etag, self._now()):
            return None
        self._watch.forget(name)
        claim = Claim(name, claim.generation + 1)
        return claim if self._create(claim) else None

    def has(self, name: str) -> bool:
        """Whether this pod has a claim on `name`, as far as it knows: nothing is asked of the store."""
        with self._lock:
            return any(claim.name == name for claim in self._held)

    def holds_any(self) -> bool:
        """Whether this pod has any claim, and so any file in work, as far as it knows."""
        with self._lock:
            return bool(self._held)

    def settled(self, name: str) -> None:
        """The file is done: whose claim on it stands still need not be watched any more."""
        self._watch.forget(name)

    def renew(self, store: Store) -> None:
        """Rewrite every claim held, but those that were lost meanwhile. Takes a store of its own: it must not wait long."""
        with self._lock:
            held = list(self._held.items())
        if not held:
            return
        latest: dict[str, int] = {}
        for found in store.list(self._bucket, self._folder):
            name, generation = _name(found.key), _generation(found.key)
            latest[name] = max(generation, latest.get(name, -1))
        for claim, beat in held:
            if latest.get(claim.name) != claim.generation:
                self._forget(claim)
                continue
            with self._renewing:
                if self._note_beat(claim, beat + 1):
                    store.put(self._bucket, self._key(claim), self._body(beat + 1), "application/json")

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is still ours. To be asked right before a result is written down."""
        with self._lock:
            if claim not in self._held:
                return False
        generations = self._generations(claim.name)
        if generations and _generation(generations[-1].key) == claim.generation:
            return True
        self._forget(claim)
        return False

    def release(self, claim: Claim) -> None:
        """Give the claim back, and clear away those that it took over. One that was lost is its new holder's to clear away."""
        with self._renewing, self._lock:  # a renewal after the removal would bring the claim back
            if self._held.pop(claim, None) is None:
                return
        for generation in range(claim.generation, -1, -1):
            self._store.delete(self._bucket, self._key(Claim(claim.name, generation)))

    def release_all(self) -> None:
        """Give back everything held, as a pod does that is told to stop."""
        with self._lock:
            held = list(self._held)
        for_each(self.release, held, AT_ONCE, name="release")

    def clear_away(self) -> None:
        """Remove what dead pods of this run left, once all of its files are done and no pod of it needs a claim."""
        for found in list(self._store.list(self._bucket, self._folder)):
            holder = self._holder(found.key)
            if holder is not None and holder.get("jobName") == self._worker.job_name:
                self._store.delete(self._bucket, found.key)

    def _create(self, claim: Claim) -> bool:
        created = self._store.put_if_absent(self._bucket, self._key(claim), self._body(0))
        if created:
            self._hold(claim)
        return created

    def _hold(self, claim: Claim) -> None:
        with self._lock:
            self._held[claim] = 0

    def _note_beat(self, claim: Claim, beat: int) -> bool:
        with self._lock:
            if claim not in self._held:
                return False
            self._held[claim] = beat
            return True

    def _forget(self, claim: Claim) -> None:
        with self._lock:
            self._held.pop(claim, None)

    def _generations(self, name: str) -> list[ObjectInfo]:
        return sorted(self._store.list(self._bucket, f"{self._folder}{name}-"), key=lambda found: _generation(found.key))

    def _holder(self, key: str) -> dict[str, object] | None:
        try:
            holder = json.loads(self._store.get(self._bucket, key))
        except ObjectMissingError:
            return None
        except ValueError:
            return {}
        return holder if isinstance(holder, dict) else {}

    def _key(self, claim: Claim) -> str:
        return f"{self._folder}{claim.name}-{claim.generation:04}.claim"

    def _body(self, beat: int) -> bytes:
        body = {
            "jobName": self._worker.job_name,
            "shard": self._worker.shard,
            "podName": self._worker.pod_name,
            "nonce": self._nonce,
            "beat": beat,
        }
        return json.dumps(body).encode()


def _name(key: str) -> str:
    return key.rpartition("/")[2].rpartition("-")[0]


def _generation(key: str) -> int:
    number = key.rpartition("-")[2].removesuffix(".claim")
    return int(number) if number.isdigit() else 0
