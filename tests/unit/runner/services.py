"""The service over the real engine with scripted stages: an upload's file name is its script, as in `scripted`."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, cast

from fastapi import FastAPI

from tests.unit.runner.scripted import Scripted, ScriptedEngine
from transcription_api.speech import ComputeType
from transcription_api.transcript import Transcript
from transcription_runner.engine.work import Watch, Work
from transcription_runner.serve.application import application
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.keys import Keys
from transcription_runner.serve.live.streams import Streams
from transcription_runner.serve.metrics import Metrics
from transcription_runner.serve.places import Places
from transcription_runner.serve.rates import Rate
from transcription_runner.serve.served import Served
from transcription_runner.serve.service import Service
from transcription_runner.serve.uploads import Scratch

BOUNDARY = "limit"
SCRIPT = re.compile(r"\d{1,3}x\d{1,4}")
LOADED = Served("small", ComputeType.INT8, "cpu")


class NamedEngine(ScriptedEngine):
    """Reads of each upload its name, if that is a script, and that it is there."""

    def submit(self, work: Work, watch: Watch | None = None) -> "Future[Transcript]":
        assert cast(Any, work.sound).is_file()
        assert work.source is not None
        name = work.source.key if SCRIPT.fullmatch(work.source.key) else "1x1"
        return super().submit(replace(work, sound=name), watch)


def service(
    engine: ScriptedEngine,
    *,
    places: int = 32,
    keys: Keys | None = None,
    most: int = 1 << 20,
    scratch: int = 1 << 30,
    jobs: Jobs | None = None,
    rate: int = 0,
    origins: Sequence[str] = (),
) -> Service:
    streams = Streams(8)
    metrics = Metrics(LOADED, places, streams.most)
    taken = Places(places)
    return Service(
        engine, LOADED, keys or Keys(), taken, Scratch(scratch), most, metrics, streams, 3600.0, jobs, Rate(rate), origins
    )


def engine_of(stages: Scripted | None = None) -> NamedEngine:
    return NamedEngine(stages or Scripted())


def form(name: str | None = "1x1", content: bytes = b"sound", part: str = "file", **fields: str) -> bytes:
    """A form with a file, or none, and other fields."""
    parts = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
    if name is not None:
        parts.append((f'name="{part}"; filename="{name}"', content))
    head = b"--" + BOUNDARY.encode()
    return b"".join(
        head + f"\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + value + b"\r\n" for what, value in parts
    ) + (head + b"--\r\n")


@dataclass
class Answered:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


class Client:
    """A connection, chunk by chunk: what a client sends, when it hangs up, and what it gets."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def ask(
        self,
        path: str,
        *chunks: bytes,
        method: str = "POST",
        hang_up: asyncio.Event | None = None,
        then_silent: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send the chunks; hang up when told to; `then_silent`: the body never ends."""
        sent = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
        address, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": address,
            "raw_path": address.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 9080),
        }
        answered, left = Answered(), list(chunks or (b"",))

        async def receive() -> Any:
            if left:
                chunk = left.pop(0)
                return {"type": "http.request", "body": chunk, "more_body": then_silent or bool(left)}
            await (hang_up or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answered.body += message.get("body", b"")

        await self._app(scope, receive, send)
        return answered


def client(house: Service) -> Client:
    return Client(application(house, "0"))


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not come to hold"
        await asyncio.sleep(0.005)
