"""One request, as a client sends it: the same for the service and for its peer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from .answers import LATE, TRANSCRIBED, Answer
from .sounds import Sound

QUERY = {"language": "en", "word_timestamps": "false"}
"""What is asked of both; the peer is told its language when it starts, and knows no times of words."""
PATIENCE_SECONDS = 600.0
"""How long an answer is waited for where it has no limit of its own."""


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Each request gets a connection of its own, as if each had a client of its own; a proxy of this machine takes no part."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx2.AsyncClient(base_url=address, timeout=None, limits=limits, trust_env=False) as client:
        yield client


async def asked(client: httpx2.AsyncClient, sound: Sound, limit: float = PATIENCE_SECONDS) -> Answer:
    """What becomes of a sound; after `limit` seconds the client hangs up. Raises nothing: whatever goes wrong is an outcome."""
    sent, text = time.monotonic(), ""
    try:
        async with asyncio.timeout(limit):
            answered = await client.post("/transcribe", params=QUERY, files={"file": (sound.name, sound.content)})
        seconds, outcome = time.monotonic() - sent, str(answered.status_code)
        if outcome == TRANSCRIBED:
            text = _text(answered)
    except TimeoutError:
        seconds, outcome = time.monotonic() - sent, LATE
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        seconds, outcome = time.monotonic() - sent, type(error).__name__
    return Answer(sound, outcome, sent, seconds, text)


def _text(answered: httpx2.Response) -> str:
    return " ".join(str(segment["text"]).strip() for segment in answered.json()["segments"])
