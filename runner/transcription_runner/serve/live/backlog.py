"""Sound that a stream has not taken in yet, in order, with what its client says in between.

What is more than a few seconds waits on the disk, so a file that is sent at once takes no memory, and its client's pings are
answered: were the connection not read, they would wait behind the sound. Only where the disk is full, too, the client waits.
"""

import asyncio
from collections import deque
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.serve.live.spool import Spool
from transcription_runner.serve.uploads import Scratch

IN_MEMORY_SECONDS = 10.0
"""So much waits in memory."""


class Mark(Enum):
    """What a client says between its sound."""

    COMMIT = "the segment ends here"
    CLEAR = "what is not certain yet is to be forgotten"


class Backlog:
    """First in, first out. Used from the event loop's thread."""

    def __init__(self, scratch: Scratch) -> None:
        self._in_memory: deque[NDArray[np.int16]] = deque()
        self._spool = Spool(scratch)
        self._marks: deque[tuple[int, Mark]] = deque()
        """Each with the number of samples before it."""
        self._added = self._taken = 0
        self._finished = False
        self._changed = asyncio.Condition()

    @property
    def seconds(self) -> float:
        """How much sound waits."""
        return (self._added - self._taken) / SAMPLE_RATE

    async def add(self, samples: NDArray[np.int16]) -> None:
        """Put more sound behind the rest; wait for room where there is none. Raises OSError."""
        async with self._changed:
            while not await self._put(samples):
                await self._changed.wait()
            self._added += len(samples)
            self._changed.notify_all()

    async def mark(self, mark: Mark) -> None:
        """Behind the sound that is here."""
        async with self._changed:
            self._marks.append((self._added, mark))
            self._changed.notify_all()

    async def finish(self) -> None:
        """Nothing more comes."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def next(self, seconds: float) -> NDArray[np.int16] | Mark | None:
        """Wait for something: sound up to the next mark, but no more than so many seconds; or a mark; None at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._marks or self._finished or self._added > self._taken)
            if self._marks and self._marks[0][0] == self._taken:
                return self._marks.popleft()[1]
            if self._added == self._taken:
                return None
            until = self._marks[0][0] if self._marks else self._added
            sound = await self._get(min(int(seconds * SAMPLE_RATE), until - self._taken))
            self._taken += len(sound)
            self._changed.notify_all()
            return sound

    def close(self) -> None:
        """Forget what waits."""
        self._in_memory.clear()
        self._spool.close()

    async def _put(self, samples: NDArray[np.int16]) -> bool:
        if not self._spool.samples and self.seconds < IN_MEMORY_SECONDS:
            self._in_memory.append(samples)
            return True
        if not self._spool.room(samples.nbytes):
            return False
        await run_in_threadpool(self._spool.put, samples)
        return True

    async def _get(self, most: int) -> NDArray[np.int16]:
        taken: list[NDArray[np.int16]] = []
        while most and self._in_memory:
            sound = self._in_memory.popleft()
            if len(sound) > most:
                self._in_memory.appendleft(sound[most:])
            taken.append(sound[:most])
            most -= len(taken[-1])
        if most and self._spool.samples:
            taken.append(await run_in_threadpool(self._spool.get, most))
            self._spool.empty()
        return np.concatenate(taken)
