"""The streams that are open: how many there may be, and their end when the service ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from transcription_runner.serve.places import Places
from transcription_runner.serve.refusals import LATER_SECONDS, Refusal


class Streams:
    """Used from one thread, that of the event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._places = Places(most)
        self._open: dict[asyncio.Event, asyncio.Event] = {}
        """Of each stream: what asks it to end, and what says that it has."""
        self._ending = False

    @property
    def taken(self) -> int:
        """How many are open."""
        return self._places.taken

    @contextmanager
    def place(self, client: str) -> Iterator[asyncio.Event]:
        """A place for a client's stream; the event asks it to end. Raises Refusal (NoStreams, Ending, TooManyRequests)."""
        if not self.most:
            raise Refusal(422, "NoStreams", "this service takes no live streams: POST /transcribe takes recordings")
        if self._ending:
            raise Refusal(503, "Ending", "this service is ending; connect again in a while", retry_after=LATER_SECONDS)
        with self._places.place(client):
            asked, ended = asyncio.Event(), asyncio.Event()
            self._open[asked] = ended
            try:
                yield asked
            finally:
                ended.set()
                del self._open[asked]

    async def drain(self) -> None:
        """Ask all to end, and wait until they have told their last words."""
        self._ending = True
        for asked in self._open:
            asked.set()
        for ended in list(self._open.values()):
            await ended.wait()
