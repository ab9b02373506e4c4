"""The plain asynchronous client: HTTP and JSON, nothing cached, nothing retried. Less cannot be done for a job."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

import aiohttp
from kubernetes.aio import client, config

Document = dict[str, Any]
Item = TypeVar("Item")

_CONNECTIONS = 64
_PAGE = 500


class RefusedError(Exception):
    """The API server's refusal."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """A connection as the administrator that KUBECONFIG names. Use it as an async context manager."""

    def __init__(self, server: str, headers: dict[str, str], tls: ssl.SSLContext) -> None:
        self.server, self.headers, self.tls = server, headers, tls
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def connect(cls) -> Self:
        """By KUBECONFIG."""
        known = client.Configuration()
        await config.load_kube_config(client_configuration=known)  # type: ignore[no-untyped-call]
        tls = ssl.create_default_context(cafile=known.ssl_ca_cert)
        if known.cert_file:
            tls.load_cert_chain(known.cert_file, known.key_file)
        token = await known.get_api_key_with_prefix("BearerToken")
        return cls(known.host, {"Authorization": token} if token else {}, tls)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self.tls, limit=_CONNECTIONS)
        self._session = aiohttp.ClientSession(connector=connector, headers=self.headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session."""
        assert self._session is not None
        return self._session

    async def call(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Document:
        """One request. Raises RefusedError."""
        data = json.dumps(body).encode() if body is not None else None
        async with self.session.request(
            method, f"{self.server}{path}", data=data, params=dict(query or {}), headers={"Content-Type": kind}
        ) as answer:
            text = await answer.read()
        if answer.status >= 400:
            raise RefusedError(answer.status, text.decode(errors="replace")[:500])
        document: Document = json.loads(text)
        return document

    async def create(self, collection: str, body: Document) -> Document:
        """POST."""
        return await self.call("POST", collection, body)

    async def patch(self, path: str, body: Document) -> Document:
        """JSON merge patch."""
        return await self.call("PATCH", path, body, "application/merge-patch+json")

    async def listed(self, collection: str, **query: str) -> list[Document]:
        """All objects of a collection, page by page."""
        items: list[Document] = []
        while True:
            page = await self.call("GET", collection, query={**query, "limit": str(_PAGE)})
            items += page["items"]
            proceed = page["metadata"].get("continue")
            if not proceed:
                return items
            query["continue"] = proceed

    async def metrics(self) -> str:
        """The API server's own counters."""
        async with self.session.get(f"{self.server}/metrics") as answer:
            answer.raise_for_status()
            return await answer.text()


async def each(items: Iterable[Item], work: Callable[[Item], Awaitable[object]], concurrency: int) -> None:
    """Do `work` on every item, so many at a time. The first error ends it."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(worker())
