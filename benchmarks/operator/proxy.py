"""Between a client and the API server: everything is passed on as it is, answers and watches as they come, and can be counted."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from aiohttp import web
from yarl import URL

from .api import Api

_READS = ("GET", "HEAD", "OPTIONS")
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}
_LARGEST = 2**24


class Counted:
    """The writes so far, by method and resource."""

    def __init__(self) -> None:
        self.address = ""
        self.writes: Counter[str] = Counter()

    def note(self, method: str, path: str) -> None:
        """A request was made."""
        if method not in _READS:
            self.writes[f"{method} {resource(path)}"] += 1


def resource(path: str) -> str:
    """The plural of what a path speaks of, with the subresource if there is one: `transcriptionjobs/status`."""
    parts = path.strip("/").split("/")
    rest = parts[3:] if parts[0] == "apis" else parts[2:]
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    return "/".join([rest[0], *rest[2:3]])


@contextlib.asynccontextmanager
async def counting(api: Api) -> AsyncIterator[Counted]:
    """A proxy whose clients show their own credentials, and which counts their writes."""
    counted = Counted()

    async def note(request: web.Request) -> None:
        counted.note(request.method, request.path)

    async with passing_on(api, note) as counted.address:
        yield counted


@contextlib.asynccontextmanager
async def passing_on(api: Api, before: Callable[[web.Request], Awaitable[web.StreamResponse | None]]) -> AsyncIterator[str]:
    """The address of a proxy of the API server on this machine. What `before` answers is the answer; None: the server's is."""
    connector = aiohttp.TCPConnector(ssl=api.tls, limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def passed_on(request: web.Request) -> web.StreamResponse:
            if (own := await before(request)) is not None:
                return own
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
            url = URL(f"{api.server}{request.raw_path}", encoded=True)
            body = await request.read()
            async with session.request(request.method, url, headers=headers, data=body or None, timeout=_NO_LIMIT) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN_HEADERS}
                response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=kept)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response

        application = web.Application(client_max_size=_LARGEST)
        application.router.add_route("*", "/{path:.*}", passed_on)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


_NO_LIMIT = aiohttp.ClientTimeout(total=None)
