"""How requests come: from so many clients, each with its next sound once it has its answer; or by the clock, whoever waits."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

from .answers import Answer
from .sounds import Sound

Send = Callable[[Sound], Coroutine[Any, Any, Answer]]
Arrival = tuple[float, Sound]
"""Seconds from the start, and what is sent then."""


async def crowd(send: Send, sounds: Sequence[Sound], clients: int) -> tuple[float, list[Answer]]:
    """Each sound once, from `clients` at a time: seconds until all are answered, and the answers in the order of the sounds."""
    answers: dict[int, Answer] = {}
    waiting = iter(enumerate(sounds))
    began = time.monotonic()

    async def client() -> None:
        for place, sound in waiting:
            answers[place] = await send(sound)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return time.monotonic() - began, [answers[place] for place in range(len(sounds))]


async def by_the_clock(group: asyncio.TaskGroup, send: Send, arrivals: Iterable[Arrival]) -> list[asyncio.Task[Answer]]:
    """Send each at its time, whether or not earlier ones are answered; returns when the last is on its way."""
    began, tasks = time.monotonic(), list[asyncio.Task[Answer]]()
    for moment, sound in arrivals:
        await asyncio.sleep(began + moment - time.monotonic())
        tasks.append(group.create_task(send(sound)))
    return tasks


async def answered(send: Send, arrivals: Iterable[Arrival]) -> list[Answer]:
    """Send each at its time, and wait for all answers."""
    async with asyncio.TaskGroup() as group:
        tasks = await by_the_clock(group, send, arrivals)
    return [task.result() for task in tasks]


def every(seconds: float, sounds: Sequence[Sound]) -> Iterator[Arrival]:
    """The sounds by turns, one each so many seconds, without end."""
    return ((number * seconds, sound) for number, sound in enumerate(cycle(sounds)))


def at_random(rate: float, seconds: float, rng: random.Random) -> list[float]:
    """Moments at which independent clients come, `rate` of them in a second on the average (a Poisson process)."""
    moments, moment = list[float](), rng.expovariate(rate)
    while moment < seconds:
        moments.append(moment)
        moment += rng.expovariate(rate)
    return moments
