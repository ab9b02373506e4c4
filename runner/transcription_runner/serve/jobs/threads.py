"""Threads for calls that wait for somebody else. However slow the API server or the store is, it takes these and no others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from transcription_runner.serve.refusals import LATER_SECONDS, Refusal

T = TypeVar("T")

IN_LINE = 64
"""Calls that may wait for a thread; the next one is refused."""


class Threads:
    """A bounded number of them, with a bounded line before them. Used from one thread, that of the event loop."""

    def __init__(self, name: str, most: int, in_line: int = IN_LINE) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._free = most + in_line

    async def call(self, function: Callable[[], T]) -> T:
        """What the function returns or raises. Raises Refusal (TooManyRequests) where too many wait already."""
        if self._free == 0:
            message = "too many requests for jobs wait already; try again later"
            raise Refusal(429, "TooManyRequests", message, retry_after=LATER_SECONDS)
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        finally:
            self._free += 1
