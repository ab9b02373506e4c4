"""Sound that a stream has not taken in yet, in order, with what its client says in between; bounded: then the client waits."""

import asyncio
from collections import deque
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE

MOST_SECONDS = 30.0
"""Once so much sound waits, the client has to: a file that is sent at once takes no memory."""


class Mark(Enum):
    """What a client says between its sound."""

    COMMIT = "the segment ends here"
    CLEAR = "what is not certain yet is to be forgotten"


class Backlog:
    """First in, first out. Used from the event loop's thread."""

    def __init__(self) -> None:
        self._items: deque[NDArray[np.int16] | Mark] = deque()
        self._samples, self._finished = 0, False
        self._changed = asyncio.Condition()

    @property
    def seconds(self) -> float:
        """How much sound waits."""
        return self._samples / SAMPLE_RATE

    async def add(self, samples: NDArray[np.int16]) -> None:
        """Wait for room, and put more sound behind the rest."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.seconds < MOST_SECONDS)
            self._items.append(samples)
            self._samples += len(samples)
            self._changed.notify_all()

    async def mark(self, mark: Mark) -> None:
        """Behind the sound that is here."""
        async with self._changed:
            self._items.append(mark)
            self._changed.notify_all()

    async def finish(self) -> None:
        """Nothing more comes."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def next(self, seconds: float) -> NDArray[np.int16] | Mark | None:
        """Wait for something: all sound up to the next mark, but no more than so many seconds; or a mark; None at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._items or self._finished)
            if not self._items:
                return None
            if isinstance(first := self._items.popleft(), Mark):
                return first
            most, taken = int(seconds * SAMPLE_RATE), [first]
            while sum(map(len, taken)) < most and self._items and not isinstance(self._items[0], Mark):
                sound = self._items.popleft()
                assert not isinstance(sound, Mark)
                taken.append(sound)
            sound = np.concatenate(taken)
            if len(sound) > most:
                self._items.appendleft(sound[most:])
            self._samples -= min(len(sound), most)
            self._changed.notify_all()
            return sound[:most]
