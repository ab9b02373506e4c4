"""When did each Job come to be? A watch that notes the moment; it asks for metadata alone, so that it costs little itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

from .api import Api
from .objects import jobs

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Seen:
    """Jobs of a namespace by their owner's name, and when each was first seen (monotonic clock, seconds)."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._broken: BaseException | None = None

    def note(self, owner: str) -> None:
        """A Job of this owner is there now."""
        if owner not in self.at:
            self.at[owner] = time.monotonic()
            self._changed.set()

    def fail(self, error: BaseException) -> None:
        """The watch has ended: whoever waits is told."""
        self._broken = error
        self._changed.set()

    async def until(self, owners: set[str], seconds: float) -> float:
        """Wait for the Jobs of all these; when the last of them was seen. Raises TimeoutError, saying how many are missing."""
        end = time.monotonic() + seconds
        while missing := owners - self.at.keys():
            if self._broken:
                raise self._broken
            self._changed.clear()
            try:
                async with asyncio.timeout(end - time.monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                raise TimeoutError(f"{len(missing)} of {len(owners)} Jobs are not there after {seconds:.0f} s") from None
        return max(self.at[owner] for owner in owners)


@contextlib.asynccontextmanager
async def watched_jobs(api: Api, namespace: str) -> AsyncIterator[Seen]:
    """Watch the Jobs of a namespace for as long as the block lasts."""
    version = (await api.call("GET", jobs(namespace), query={"limit": "1"}))["metadata"]["resourceVersion"]
    seen = Seen()
    started = asyncio.Event()
    task = asyncio.create_task(_follow(api, namespace, version, seen, started))
    try:
        await started.wait()
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(api: Api, namespace: str, version: str, seen: Seen, started: asyncio.Event) -> None:
    query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "3600"}
    try:
        async with api.session.get(
            f"{api.server}{jobs(namespace)}", params=query, headers={"Accept": _METADATA}, timeout=None, read_bufsize=2**22
        ) as answer:
            answer.raise_for_status()
            started.set()
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ADDED":
                    seen.note(event["object"]["metadata"]["ownerReferences"][0]["name"])
                elif event["type"] == "ERROR":
                    raise ConnectionError(f"the watch of Jobs ended: {event['object'].get('message')}")
        raise ConnectionError("the watch of Jobs ended")
    except Exception as error:
        seen.fail(error)
        started.set()
