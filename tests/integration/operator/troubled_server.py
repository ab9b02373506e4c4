"""The real API server behind a proxy that plays trouble: watches that are open and silent, 429, slow answers, another clock."""

import asyncio
import base64
import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}


class TroubledServer:
    """Clients show their own credentials to it. Change the trouble at any time."""

    def __init__(self, cluster: dict[str, Any]) -> None:
        self._server = cluster["server"]
        authority = cluster.get("certificate-authority-data")
        text = base64.b64decode(authority).decode() if authority else Path(cluster["certificate-authority"]).read_text()
        self._tls = ssl.create_default_context(cadata=text)
        self.address = ""
        self.silent = False
        """Whether watches, old and new, pass nothing on; they stay open."""
        self.refusals = 0
        """So many of the next requests are answered with 429 and `Retry-After: 1`."""
        self.latency = 0.0
        """Seconds before any request is passed on."""
        self.ahead = timedelta(0)
        """How much later it is by its answers than it is."""
        self.requests: list[tuple[float, str, str]] = []
        """When, method, path: of what came, watches left out."""
        self._generation = 0

    def silence_open_watches(self) -> None:
        """Those that are opened from now on work."""
        self._generation += 1

    async def _passed_on(self, request: web.Request) -> web.StreamResponse:
        watches = request.query.get("watch") == "true"
        if not watches:
            self.requests.append((time.monotonic(), request.method, request.path))
            if self.refusals > 0:
                self.refusals -= 1
                status = {"kind": "Status", "apiVersion": "v1", "code": 429, "message": "too many requests"}
                return web.json_response(status, status=429, headers={"Retry-After": "1"})
        await asyncio.sleep(self.latency)
        generation = self._generation
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        body = await request.read()
        forever = aiohttp.ClientTimeout(total=None)
        async with self._session.request(request.method, url, headers=headers, data=body or None, timeout=forever) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN_HEADERS}
            kept["Date"] = format_datetime(parsedate_to_datetime(answer.headers["Date"]) + self.ahead, usegmt=True)
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if not (watches and (self.silent or generation < self._generation)):
                    await response.write(chunk)
            await response.write_eof()
            return response

    async def _serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            application = web.Application(client_max_size=2**24)
            application.router.add_route("*", "/{path:.*}", self._passed_on)
            runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.5)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()
            await end.wait()
            await runner.cleanup()


@contextlib.contextmanager
def troubled(kubeconfig: Path) -> Iterator[TroubledServer]:
    """A proxy of the server that `kubeconfig` names; the file names the proxy instead from now on."""
    known = yaml.safe_load(kubeconfig.read_text())
    server = TroubledServer(known["clusters"][0]["cluster"])
    loop, end, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(server._serve(ready, end),), daemon=True)
    thread.start()
    assert ready.wait(10)
    known["clusters"][0]["cluster"] = {"server": server.address}
    kubeconfig.write_text(yaml.safe_dump(known))
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
