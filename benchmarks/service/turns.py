"""The same short files from 32 clients at once, from one client, and from 32 at once to the peer; the ways take turns.

`concurrency_speedup`: what the service takes given one request at a time, over what it takes given 32 at once. `peer_speedup`:
what the peer takes given 32 at once, over what the service takes. Median seconds until all files are answered, of all rounds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any, Literal

from ..measuring import Measured
from ..runner.real import setting
from . import sounds
from .answers import Answer, spread, transcribed, word_error_rate
from .client import asked, connected
from .load import crowd
from .server import Server, peer_command, running, service_command
from .sounds import Sound

CLIENTS = 32
WARMING = 8
"""So many files are sent to each server before it is measured: libraries and memory get ready."""

Way = Literal["at_once", "one_by_one", "peer"]
COMPARED: Mapping[str, tuple[Way, Way]] = {"concurrency": ("one_by_one", "at_once"), "peer": ("peer", "at_once")}
"""Of each part: whose time is divided by whose."""
DIFFERENCES = (
    "the service decodes doubted text again at other temperatures, where stock has no second look; stock decodes files by "
    "ffmpeg, outside its lock, and is told the language once, when it loads"
)


@dataclass(frozen=True)
class Turn:
    """All files, answered once."""

    wall_seconds: float
    cpu_seconds: float
    """Of the server, without the processes in which it decodes files."""
    answers: list[Answer]


def order(parts: Iterable[str], number: int) -> list[Way]:
    """The ways that the parts need, each once; who goes first in round `number` (from 0 on) takes turns."""
    ways = list(dict.fromkeys(way for part in parts for way in COMPARED[part]))
    first = number % len(ways)
    return ways[first:] + ways[:first]


def speedup(part: str, turns: Mapping[Way, Sequence[Turn]]) -> float:
    """Median time of the slower way over that of the other."""
    slow, fast = (median(turn.wall_seconds for turn in turns[way]) for way in COMPARED[part])
    return slow / fast


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Figures and detail of `concurrency` and `peer`, or of one of them; the rounds are theirs in common."""
    chosen, files = setting(), sounds.short()
    with ExitStack() as servers:
        service = servers.enter_context(running("service", [*service_command(chosen), "--places", str(CLIENTS)]))
        asked_of: dict[Way, Server] = {"at_once": service, "one_by_one": service}
        if "peer" in parts:
            asked_of["peer"] = servers.enter_context(running("peer", peer_command(chosen)))
        turns = asyncio.run(_rounds(parts, rounds, asked_of, files, say))
        resident = {way: round(server.resident_bytes() / 1e6) for way, server in asked_of.items()}
    found: dict[str, Measured] = {}
    for part in parts:
        detail: dict[str, Any] = {"setting": asdict(chosen), "rounds": rounds, "files": len(files), "clients": CLIENTS}
        detail |= {way: explained(turns[way]) | {"resident_mb_at_the_end": resident[way]} for way in COMPARED[part]}
        detail |= {"differs": DIFFERENCES} if part == "peer" else {}
        detail["load_average_after"] = [round(load, 2) for load in os.getloadavg()]
        found[part] = {f"{part}_speedup": speedup(part, turns)}, detail
    return found


def explained(turns: Sequence[Turn]) -> dict[str, Any]:
    """Times, words and CPU of the rounds of one way."""
    wall, audio = median(turn.wall_seconds for turn in turns), sum(answer.sound.seconds for answer in turns[0].answers)
    answers = [answer for turn in turns for answer in turn.answers]
    return {
        "median_wall_seconds": round(wall, 2),
        "wall_seconds": [round(turn.wall_seconds, 2) for turn in turns],
        "cpu_seconds": [round(turn.cpu_seconds, 2) for turn in turns],
        "audio_seconds": round(audio, 1),
        "audio_seconds_per_second": round(audio / wall, 2),
        "seconds_of_a_request": spread(answers),
        "wer": word_error_rate(answers),
    }


async def _rounds(
    parts: Sequence[str], rounds: int, asked_of: Mapping[Way, Server], files: Sequence[Sound], say: Callable[[str], None]
) -> dict[Way, list[Turn]]:
    turns: dict[Way, list[Turn]] = {}
    for server in dict.fromkeys(asked_of.values()):
        await _turn("at_once", server, files[:WARMING])
    for number in range(rounds):
        for way in order(parts, number):
            turn = await _turn(way, asked_of[way], files)
            turns.setdefault(way, []).append(turn)
            say(f"round {number + 1} of {rounds}, {len(files)} files, {way}: {turn.wall_seconds:.1f} s")
    return turns


async def _turn(way: Way, server: Server, files: Sequence[Sound]) -> Turn:
    before = server.cpu_seconds()
    async with connected(server.address) as client:
        wall, answers = await crowd(partial(asked, client), files, 1 if way == "one_by_one" else CLIENTS)
    return Turn(wall, server.cpu_seconds() - before, transcribed(answers))
