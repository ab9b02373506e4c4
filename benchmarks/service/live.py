"""Captions while somebody speaks: natural speech, sent as fast as it would be spoken, over `/v1/listen`.

`live_delay_p50_s`, `live_delay_p95_s`: from the end of a word in the sound, by the sender's clock, to the moment that the client
is told it for good; one stream. `live_wer_loss`: word error rate of what was told for good, less that of the same
recordings sent to `/transcribe`. `live_rewrites`: words that were told for good and did not stand behind those before them.
`live_streams`: as many streams at once, with different recordings, as have 95% of their words within 6 s.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

import numpy as np
import soundfile
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from ..measuring import Measured
from ..runner import natural
from ..runner.beside_bulk import percentile
from ..runner.corpus import Recording
from ..runner.real import setting
from ..runner.transcripts import word_error_rate
from .client import asked, connected
from .server import Server, running, service_command
from .sounds import Sound

PACKET_SECONDS = 0.1
QUERY = {"encoding": "linear16", "sample_rate": str(natural.SAMPLE_RATE), "language": "en"}
LATE_SECONDS = 6.0
MOST_STREAMS = 8
CLIP_SECONDS = 60.0
"""How much of its recording each of several streams sends."""


@dataclass
class Heard:
    """What one client was told for good."""

    words: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Seconds, of each word."""
    times: list[float] = field(default_factory=list)
    """Where each word begins, seconds from the start of the stream."""
    rewrites: int = 0
    last_end: float = 0.0

    def told(self, message: dict[str, Any], began: float, now: float) -> None:
        """A message of the service's; the sound began to be sent at `began`."""
        if message["type"] != "Results" or not message["is_final"]:
            return
        for word in message["channel"]["alternatives"][0]["words"]:
            self.words.append(word["punctuated_word"])
            self.delays.append(now - began - word["end"])
            self.times.append(word["start"])
            self.rewrites += word["start"] < self.last_end - 0.001
            self.last_end = word["end"]


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """The figures and the detail of the one part; a round is a conversation of three minutes."""
    chosen, conversations = setting(), natural.long()
    with running("service", [*service_command(chosen), "--streams", str(MOST_STREAMS)]) as server:
        found = asyncio.run(_measured(server, conversations, rounds, say))
    figures, detail = found
    return {part: (figures, detail | {"setting": asdict(chosen), "rounds": rounds}) for part in parts}


async def _measured(
    server: Server, conversations: Sequence[Recording], rounds: int, say: Callable[[str], None]
) -> tuple[dict[str, float], dict[str, Any]]:
    told, alone, offline = [one.text for one in islice(cycle(conversations), rounds)], list[Heard](), list[str]()
    before = server.cpu_seconds()
    for recording in islice(cycle(conversations), rounds):
        alone.append(await streamed(server, samples_of(recording), pace=1.0))
        say(f"one stream: {percentile(alone[-1].delays, 0.5):.2f} s, 95% within {percentile(alone[-1].delays, 0.95):.2f} s")
    cpu = (server.cpu_seconds() - before) / sum(one.seconds for one in islice(cycle(conversations), rounds))
    async with connected(server.address) as client:
        for recording in islice(cycle(conversations), rounds):
            sound = Sound(recording.path.name, recording.path.read_bytes(), recording.seconds, recording.text)
            offline.append((await asked(client, sound)).text)
    wer_live = word_error_rate(told, [" ".join(one.words) for one in alone])
    wer_offline = word_error_rate(told, offline)
    delays = [delay for one in alone for delay in one.delays]
    streams, by_streams = await _sustained(server, conversations, say)
    figures = {
        "live_wer_loss": wer_live - wer_offline,
        "live_delay_p50_s": percentile(delays, 0.5),
        "live_delay_p95_s": percentile(delays, 0.95),
        "live_rewrites": float(sum(one.rewrites for one in alone)),
        "live_streams": float(streams),
    }
    detail = {
        "wer_live": wer_live,
        "wer_offline": wer_offline,
        "words": len(delays),
        "cpu_seconds_for_a_second": round(cpu, 3),
        "p95_by_streams": by_streams,
    }
    return figures, detail


async def _sustained(
    server: Server, conversations: Sequence[Recording], say: Callable[[str], None]
) -> tuple[int, dict[int, float]]:
    """As many streams as keep pace, and the 95th percentile of each number that was tried."""
    found: dict[int, float] = {}
    for count in range(2, MOST_STREAMS + 1):
        clips = [samples_of(one)[: int(CLIP_SECONDS * natural.SAMPLE_RATE)] for one in islice(cycle(conversations), count)]
        heard = await asyncio.gather(*(streamed(server, clip, pace=1.0) for clip in clips))
        found[count] = round(percentile([delay for one in heard for delay in one.delays], 0.95), 2)
        say(f"{count} streams: 95% within {found[count]:.2f} s")
        if found[count] > LATE_SECONDS:
            return count - 1, found
    return MOST_STREAMS, found


async def streamed(server: Server, samples: NDArray[np.int16], pace: float) -> Heard:
    """What a client is told that sends the sound `pace` times as fast as it would be spoken, or as fast as it is taken."""
    heard, content = Heard(), samples.astype("<i2").tobytes()
    size = 2 * int(PACKET_SECONDS * natural.SAMPLE_RATE)
    address = f"{server.address.replace('http', 'ws', 1)}/v1/listen?{urlencode(QUERY)}"
    async with connect(address, max_size=None, proxy=None) as connection:
        began = time.monotonic()

        async def send() -> None:
            for number, first in enumerate(range(0, len(content), size), 1):
                await connection.send(content[first : first + size])
                await asyncio.sleep(max(0.0, began + number * PACKET_SECONDS / pace - time.monotonic()))
            await connection.send('{"type": "CloseStream"}')

        sending = asyncio.create_task(send())
        async for message in connection:
            heard.told(json.loads(message), began, time.monotonic())
        await sending
    return heard


def samples_of(recording: Recording) -> NDArray[np.int16]:
    """Its sound at 16 kHz."""
    samples: NDArray[np.int16] = soundfile.read(recording.path, dtype="int16")[0]
    return samples
