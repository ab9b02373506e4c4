"""What waits for a stage, of all requests: who goes first, who goes together, and nobody waits for ever.

Live goes before interactive and that before bulk, but every few batches are theirs who go behind. Within a lane clients take
turns at leading a batch, and so do the requests of each: a recording of ten hours keeps nobody waiting for longer than a batch,
and who sends a thousand requests is served no more than who sends one. A batch holds what its leader may share one with (the
same `key`): of bulk what is nearest in length, since such chunks end decoding at about the same time; where somebody waits, whose
turn it is next.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from threading import Condition, Event
from typing import Any, Generic, TypeVar

from transcription_runner.engine.work import Lane

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""How soon a cancellation is noticed."""
FIRST_IN_A_ROW = 4
"""So many batches of the first lane in which somebody waits, then one of those behind it, which take turns at that."""
PATIENCE_SECONDS = 10.0
"""How long what can wait for company waits for it."""
ANY_LANE = tuple(Lane)
URGENT_LANES = (Lane.LIVE, Lane.INTERACTIVE)


@dataclass(frozen=True, eq=False)
class Waiting(Generic[T]):
    """An item that waits: `seconds` long, of a request, which is a client's, in the company of items with the same `key`."""

    seconds: float
    item: T
    request: Any = None
    client: Any = None
    lane: Lane = Lane.BULK
    key: Hashable = None
    can_wait: bool = False
    """Better taken together with others of its kind: it waits until a batch is full, nothing else is there, or for so long."""
    since: float = field(default_factory=time.monotonic)


class Pool(Generic[T]):
    """Safe to use from several threads."""

    def __init__(self, cancelled: Event) -> None:
        self._waiting: list[Waiting[T]] = []
        self._idle: Counter[Lane] = Counter()
        self._in_a_row = self._behind = 0
        self._turns: dict[tuple[str, Any], tuple[int, bool]] = {}
        """Of each client and each request: when it led a batch last, or had a part in one of an urgent lane, or came in; and
        whether it has had a turn."""
        self._turn = 0
        self._cancelled = cancelled
        self._changed = Condition()

    def add(self, items: Iterable[Waiting[T]]) -> None:
        """Items that are ready."""
        with self._changed:
            for item in items:
                self._waiting.append(item)
                for who in _whose(item):
                    self._turns.setdefault(who, (self._turn, False))
            self._changed.notify_all()

    def drop(self, unwanted: Callable[[T], bool]) -> None:
        """Forget items that nobody waits for any more."""
        with self._changed:
            self._waiting = [waiting for waiting in self._waiting if not unwanted(waiting.item)]

    def take(self, size: int, lanes: tuple[Lane, ...] = ANY_LANE) -> list[T]:
        """Wait for a batch of at most `size`, and a fair share where other workers wait, too. Empty once cancelled."""
        with self._changed:
            self._idle.update(lanes)
            while not (ready := [one for one in self._waiting if one.lane in lanes]) and not self._cancelled.is_set():
                self._changed.wait(LOOK_SECONDS)
            try:
                if self._cancelled.is_set():
                    return []
                batch = self._batch(ready, size)
            finally:
                self._idle.subtract(lanes)
            taken = set(map(id, batch))
            self._waiting = [waiting for waiting in self._waiting if id(waiting) not in taken]
            left = {who for waiting in self._waiting for who in _whose(waiting)}
            self._turns = {who: turn for who, turn in self._turns.items() if who in left}
            return [waiting.item for waiting in batch]

    def _batch(self, ready: list[Waiting[T]], size: int) -> list[Waiting[T]]:
        lane = self._lane(ready)
        ready = [waiting for waiting in ready if waiting.lane is lane]
        share = -(-len(ready) // self._idle[lane])
        urgent = [waiting for waiting in ready if not waiting.can_wait]
        patient = [waiting for waiting in ready if waiting.can_wait]
        long = bool(patient) and time.monotonic() - patient[0].since > PATIENCE_SECONDS
        if patient and (not urgent or len(patient) >= size or long):
            return together(patient, patient[0], size)
        leader = min(urgent, key=self._turn_of)
        self._turn += 1
        self._served(leader)
        if lane is Lane.BULK:
            return together(urgent, leader, min(size, share))
        others = sorted((one for one in urgent if one is not leader and one.key == leader.key), key=self._turn_of)
        batch = [leader, *others[: min(size, share) - 1]]
        for one in batch:
            self._served(one)
        return batch

    def _turn_of(self, waiting: Waiting[T]) -> list[tuple[int, bool]]:
        return [self._turns[who] for who in _whose(waiting)]

    def _served(self, waiting: Waiting[T]) -> None:
        self._turns.update(dict.fromkeys(_whose(waiting), (self._turn, True)))

    def _lane(self, ready: list[Waiting[T]]) -> Lane:
        first, *behind = sorted({waiting.lane for waiting in ready})
        if not behind:
            return first
        self._in_a_row = (self._in_a_row + 1) % (FIRST_IN_A_ROW + 1)
        if self._in_a_row:
            return first
        self._behind += 1
        return behind[self._behind % len(behind)]


def _whose(waiting: Waiting[Any]) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Who takes turns: first of all clients, then the requests of one."""
    return ("client", waiting.client), ("request", waiting.request)


def together(waiting: list[Waiting[T]], leader: Waiting[T], size: int) -> list[Waiting[T]]:
    """The leader, and those of its kind that are nearest to it in length; the longest wait wins among equals."""
    kind = [one for one in waiting if one.key == leader.key]
    return sorted(kind, key=lambda one: (one is not leader, abs(one.seconds - leader.seconds)))[:size]
