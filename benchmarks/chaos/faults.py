"""The operator's connection to the API server fails in every way that is known of, one by one, while jobs come and go."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

from aiohttp import web

from tests.integration.operator.operators import Operator

from ..measuring import Measured
from ..operator.api import Api
from ..operator.objects import Document
from ..operator.place import namespaces, operator_aside
from ..operator.proxy import passing_on
from .crowd import all_over, apply_over
from .judged import judged
from .made import jobs_made

_JOBS = 150
_FAULTS = ("cut", "expired", "gone", "busy", "slow", "broken", "away", "silent")
_FAULT_SECONDS, _PEACE_SECONDS = 12.0, 8.0
_SLOW_SECONDS = 5.0
_KUBELET_SECONDS = 10.0
_SEED = 20


class Faults:
    """What happens to requests: the present fault, or none."""

    def __init__(self) -> None:
        self.now: str | None = None
        self.last = ""
        self.ended: list[str] = []
        """The fault during or after which the operator ended, each time that it did."""
        self.met: Counter[str] = Counter()
        """Requests that met with each fault."""
        self._chance = random.Random(_SEED)
        self._open: WeakSet[asyncio.Transport] = WeakSet()
        self._peace = asyncio.Event()

    def begin(self, fault: str) -> None:
        """From now on. Open watches are cut by all that concerns connections."""
        self.now = self.last = fault
        self._peace.clear()
        if fault in ("cut", "expired", "gone", "away", "silent"):
            self._cut()

    def end(self) -> None:
        """From now on nothing fails."""
        self.now = None
        self._peace.set()

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        """What the proxy asks before it passes a request on."""
        if request.transport:
            self._open.add(request.transport)
        watch = "watch=" in request.query_string
        match self.now:
            case "away" if request.transport:
                self._abort("away", request.transport)
                return web.Response(status=503)  # to nobody
            case "expired" if watch:
                return await self._expired(request)
            case "gone" if watch:
                return self._answer("gone", 410, "Expired", "too old resource version")
            case "busy" if self._chance.random() < 0.7:
                return self._answer("busy", 429, "TooManyRequests", "too many requests", {"Retry-After": "1"})
            case "broken" if self._chance.random() < 0.5:
                return self._answer("broken", 500, "InternalError", "etcdserver: leader changed")
            case "slow":
                self.met["slow"] += 1
                await asyncio.sleep(_SLOW_SECONDS)
            case "silent" if watch:
                self.met["silent"] += 1
                response = web.StreamResponse(headers={"Content-Type": "application/json"})
                await response.prepare(request)
                await self._peace.wait()  # the connection is open, and says nothing
                return response
        return None

    def _cut(self) -> None:
        for transport in list(self._open):
            self._abort("cut", transport)

    def _abort(self, fault: str, transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            self.met[fault] += 1
            transport.abort()

    async def _expired(self, request: web.Request) -> web.StreamResponse:
        """As API servers say it today: 200, and an event in the stream."""
        self.met["expired"] += 1
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        event = {"type": "ERROR", "object": _status(410, "Expired", "too old resource version")}
        await response.write(json.dumps(event).encode() + b"\n")
        await response.write_eof()
        return response

    def _answer(
        self, fault: str, status: int, reason: str, message: str, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        self.met[fault] += 1
        return web.json_response(_status(status, reason, message), status=status, headers=headers)


def _status(code: int, reason: str, message: str) -> Document:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """Watches cut, 410 in watches and instead of them, 429, 5 s of latency, 500, nobody there, silent watches: one by one."""
    with namespaces(1) as (served,):
        return asyncio.run(_served(served, scale, folder, say))


async def _served(served: str, scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the proxy's, of clients that it cut off itself
    faults = Faults()
    seconds = len(_FAULTS) * (_FAULT_SECONDS + _PEACE_SECONDS)
    async with (
        await Api.connect() as api,
        passing_on(api, faults.before) as address,
        operator_aside(folder, [served], served, server=address, in_trouble=True) as one,
        jobs_made(api, served) as made,
    ):
        restarts = asyncio.create_task(_started_again(one, faults))
        applied = asyncio.create_task(apply_over(api, served, max(len(_FAULTS), round(_JOBS * scale)), seconds))
        for fault in _FAULTS:
            await asyncio.sleep(_PEACE_SECONDS)
            say(f"the connection is now: {fault}")
            faults.begin(fault)
            await asyncio.sleep(_FAULT_SECONDS)
            faults.end()
        wanted = await applied
        figures, detail = judged(await all_over(api, served, say), wanted, made, "faults_")
        restarts.cancel()
        if unmet := set(_FAULTS) - faults.met.keys():
            raise RuntimeError(f"no request met with {', '.join(sorted(unmet))}, so nothing is shown")
        return figures, {**detail, "requests_that_met": dict(faults.met), "restarts": faults.ended, "seed": _SEED}


async def _started_again(one: Operator, faults: Faults) -> None:
    """What the kubelet does with a container that has ended; never sooner than its first pause, 10 s, would let it."""
    while True:
        await asyncio.sleep(1.0)
        if not one.running:
            faults.ended.append(faults.last)
            await asyncio.sleep(_KUBELET_SECONDS)
            one.start()
