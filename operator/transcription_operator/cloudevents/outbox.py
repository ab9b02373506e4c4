"""What is yet to be told, and up to where all is told.

What happened stands in the status of every TranscriptionJob (`status.transitions`), so this is no store but a window on one. It
holds some thousands of events; what does not fit stays where it is, and is looked up again when there is room.

What is told is remembered by one version: transitions that were stored up to it are told. Versions are the API server's and count
upwards, so no clock has a say in it, and whoever goes on after a crash tells what was stored later. Some of that may have been
told before; it has the same id then.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from transcription_operator.cloudevents.event import Event, events
from transcription_operator.observed import Raw
from transcription_operator.stored_status import read_status
from transcription_operator.work_queue import WorkQueue

MOST_PENDING = 2000
"""Events that are held at once; of one namespace half as many, so that a crowd in one leaves room for others'."""
LAG = 120.0
"""Seconds after which a version counts as seen with all before it: watches come one after the other, and each in its time."""


@dataclass(slots=True)
class Pending:
    """An event that is yet to be told."""

    event: Event
    namespace: str
    version: int
    """The job's version that it was read from."""
    refusals: int = 0
    """How often the sink refused it while it took others."""
    others_taken: int = 0
    """How many the sink had taken in all when it refused this one last."""


class Outbox:
    """Of one operator, from the moment on at which it is the one that tells.

    `baseline` is the version up to which all was told then. `source_prefix` begins every event's source. `on_lost` is called with
    the job's title and how many of its transitions can't be told any more: others have taken their place in status.
    """

    def __init__(
        self,
        baseline: int,
        source_prefix: str = "",
        on_lost: Callable[[str, int], object] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_PENDING,
    ) -> None:
        self._baseline = self._complete = self._highest = baseline
        self._source_prefix = source_prefix
        self._on_lost = on_lost
        self._clock = clock
        self._most = most
        self._numbers: dict[str, int] = {}
        """Of each job the number of its last transition that is told, or is here."""
        self._pending: dict[str, deque[Pending]] = {}
        self._held: Counter[str] = Counter()
        """By namespace."""
        self.empty = asyncio.Event()
        """Set while nothing is here."""
        self.empty.set()
        self._no_room_since: int | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self.queue: WorkQueue[str] = WorkQueue(clock, self._namespace_of)
        """The uids of the jobs of which something is to be told, the namespaces in turn; of each job the oldest first."""

    def __len__(self) -> int:
        """Events that are here."""
        return self._held.total()

    def see(self, raw: Raw, *, deleted: bool = False) -> None:
        """A TranscriptionJob as a watch or a listing shows it. What is here of one that is gone is told all the same."""
        metadata = raw["metadata"]
        uid, version = metadata["uid"], int(metadata["resourceVersion"])
        steps = (raw.get("status") or {}).get("transitions") or ()
        newest = _number(steps[-1]) if steps else 0
        known = self._numbers.get(uid)
        if known and newest < known and version > self._highest:
            known = self._numbers[uid] = 0  # no older view of it: somebody emptied its status, and numbers began anew
        self._highest = max(self._highest, version)
        if known is None and version <= self._baseline:
            self._numbers[uid] = newest
        elif newest > (known or 0):
            self._take(raw, uid, version, known)
        else:
            self._numbers.setdefault(uid, 0)
        if deleted:
            self._numbers.pop(uid, None)

    def _take(self, raw: Raw, uid: str, version: int, known: int | None) -> None:
        metadata = raw["metadata"]
        namespace = metadata["namespace"]
        if self._is_full(namespace, version):
            return  # before anything is read: it may be one of thousands
        found = events(metadata, read_status(raw.get("status") or {}), known or 0, self._source_prefix)
        if known is not None and found and (lost := found[0][0] - known - 1):
            self._on_lost(f"{namespace}/{metadata['name']}", lost)
        for number, event in found:
            if self._is_full(namespace, version):
                return
            self._pending.setdefault(uid, deque()).append(Pending(event, namespace, version))
            self._numbers[uid] = number
            self._held[namespace] += 1
            self.empty.clear()
            self.queue.add(uid)

    def _is_full(self, namespace: str, version: int) -> bool:
        """Whether there is no room for more; then what was stored at `version` is left where it is."""
        full = len(self) >= self._most or self._held[namespace] >= self._most / 2
        if full:
            self._no_room_since = min(version, self._no_room_since or version)
        return full

    def head(self, uid: str) -> Pending:
        """The oldest event of a job that came up in the queue."""
        return self._pending[uid][0]

    def done(self, uid: str) -> None:
        """The oldest event of the job is told, or given up."""
        waiting = self._pending[uid]
        self._held[waiting.popleft().namespace] -= 1
        self.queue.done(uid)
        if waiting:
            self.queue.add(uid)
            return
        del self._pending[uid]
        if not self._pending:
            self.empty.set()

    # --- up to where all is told ------------------------------------------------------------------------------------

    @property
    def has_room_for_more(self) -> bool:
        """Whether something did not fit, and everything should be listed now since there is room for it."""
        return self._no_room_since is not None and len(self) <= self._most // 4

    def listing(self) -> None:
        """Everything is about to be listed."""
        self._no_room_since = None

    def listed(self, version: int) -> None:
        """Everything was shown as it was at `version`."""
        self._complete = max(self._complete, version)

    def told_until(self, *, hears_all: bool = True) -> int:
        """The version up to which all is told. `hears_all`: no watch is known to be silent."""
        now = self._clock()
        if not hears_all:
            self._marks.clear()
        elif not self._marks or self._marks[-1][1] < self._highest:
            self._marks.append((now, self._highest))
        while self._marks and self._marks[0][0] <= now - LAG:
            self._complete = max(self._complete, self._marks.popleft()[1])
        untold = [waiting[0].version for waiting in self._pending.values()]
        if self._no_room_since is not None:
            untold.append(self._no_room_since)
        return min([self._complete, *(version - 1 for version in untold)])

    def _namespace_of(self, uid: str) -> str:
        waiting = self._pending.get(uid)
        return waiting[0].namespace if waiting else ""


def _number(step: object) -> int:
    """Of a transition in a status, which anybody with the right may have written."""
    number = step.get("number") if isinstance(step, dict) else None
    return number if isinstance(number, int) else 0
