"""The API server itself is killed and started again while jobs come and go. Only for the cluster of this checkout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp

from dev.cluster.processes import pid_of

from ..measuring import ROOT, Measured
from ..operator.api import Api, RefusedError
from ..operator.objects import QUICK, transcription_job, transcription_jobs
from ..operator.place import namespaces, operator_aside
from .crowd import all_over
from .judged import judged
from .made import jobs_made

_KILLS, _JOBS = 3, 60
_PEACE_SECONDS = 10.0
_PROGRAM = "kube-apiserver"


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """Jobs are applied between the kills; each comes while some are at work. Raises RuntimeError without such a cluster."""
    if pid_of(_PROGRAM) is None:
        raise RuntimeError(f"no {_PROGRAM} of this checkout runs here (`make up`): this part kills it")
    with namespaces(1) as (served,):
        return asyncio.run(_served(served, max(6, round(_JOBS * scale)), folder, say))


async def _served(served: str, count: int, folder: Path, say: Callable[[str], None]) -> Measured:
    wanted = {f"chaos-{number:03d}" for number in range(count)}
    groups = [sorted(wanted)[number :: _KILLS + 1] for number in range(_KILLS + 1)]
    async with (
        await Api.connect() as api,
        operator_aside(folder, [served], served, in_trouble=True),
        jobs_made(api, served) as made,
    ):
        for group in groups:
            for name in group:
                await _applied(api, served, name)
            if group is not groups[-1]:
                await asyncio.sleep(_PEACE_SECONDS / 5)
                await asyncio.to_thread(_kill_and_start)
                say(f"{_PROGRAM} was killed, and is back")
                await asyncio.sleep(_PEACE_SECONDS)
        return judged(await all_over(api, served, say), wanted, made, "server_")


def _kill_and_start() -> None:
    pid = pid_of(_PROGRAM)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    subprocess.run([sys.executable, "-m", "dev.cluster", "up"], cwd=ROOT, check=True, capture_output=True)


async def _applied(api: Api, served: str, name: str) -> None:
    """As a patient user would: a server that has just come back refuses some requests."""
    while True:
        try:
            with contextlib.suppress(aiohttp.ClientError):
                await api.create(transcription_jobs(served), transcription_job(name, QUICK))
                return
        except RefusedError as error:
            if error.status == 409:
                return
            if error.status < 429:
                raise
        await asyncio.sleep(1.0)
