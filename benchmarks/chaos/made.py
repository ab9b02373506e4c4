"""Every Job that was ever made for a TranscriptionJob, also one that is gone again: a watch that begins anew where it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator

import aiohttp

from ..operator.api import Api, RefusedError
from ..operator.objects import jobs

Made = dict[str, set[str]]
"""By the owner's name: the uids of its Jobs."""

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_AGAIN_SECONDS = 0.5


@contextlib.asynccontextmanager
async def jobs_made(api: Api, namespace: str) -> AsyncIterator[Made]:
    """What was made in a namespace since the block began; it goes on being filled while the block lasts."""
    made: Made = defaultdict(set)
    version = (await api.call("GET", jobs(namespace), query={"limit": "1"}))["metadata"]["resourceVersion"]
    task = asyncio.create_task(_follow(api, namespace, version, made))
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(api: Api, namespace: str, version: str, made: Made) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientError, RefusedError, TimeoutError):
            query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "3600", "allowWatchBookmarks": "true"}
            async with api.session.get(
                f"{api.server}{jobs(namespace)}", params=query, headers={"Accept": _METADATA}, timeout=None, read_bufsize=2**22
            ) as answer:
                async for line in answer.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"Jobs made meanwhile are not known: {event['object'].get('message')}")
                    metadata = event["object"]["metadata"]
                    version = metadata["resourceVersion"]
                    for owner in metadata.get("ownerReferences", []):
                        made[owner["name"]].add(metadata["uid"])
        await asyncio.sleep(_AGAIN_SECONDS)
