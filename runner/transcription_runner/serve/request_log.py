"""One line of the log for each request, the same figures for Prometheus, and the id by which a client can speak of it.

A line has route, status and figures; never sound, text, a file's name, an address or a key.
"""

import json
import logging
import time
import uuid
from datetime import UTC, datetime

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transcription_runner.serve.figures import Figures
from transcription_runner.serve.metrics import Metrics
from transcription_runner.serve.refusals import internal

log = logging.getLogger(__name__)

QUIET = ("/healthz", "/readyz", "/metrics")
"""Routes that are asked all the time; logged as debug."""
ELSEWHERE = "(none)"
"""Stands for an address that no route has: anybody may invent any number of them."""
SWITCHED = 101
"""The status of a WebSocket that was accepted."""
NOBODY = 499
"""The status that a log has for a client that hung up, as nginx writes it."""


class RequestLog:
    """Around the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id, began = uuid.uuid4().hex[:16], time.monotonic()
        status: int | None = None
        figures = scope.setdefault("state", {})["figures"] = Figures()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
                status = message.get("status", SWITCHED)
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:  # a fault of ours, that nobody foresaw
            log.exception("internal error in request %s", request_id)
            if status is None:
                await JSONResponse(internal().body(), 500)(scope, receive, sending)
        finally:
            self._told(scope, request_id, status or 500, time.monotonic() - began, figures)

    def _told(self, scope: Scope, request_id: str, status: int, seconds: float, figures: Figures) -> None:
        route = getattr(scope.get("route"), "path", ELSEWHERE)
        self._metrics.answered(route, status, seconds, figures)
        fields = {
            "request": request_id,
            "method": scope.get("method", "WEBSOCKET")[:16],
            "route": route,
            "status": NOBODY if figures.hung_up else status,
            "seconds": round(seconds, 3),
        }
        if figures.upload_bytes:
            fields["bytes"] = figures.upload_bytes
        if figures.waited_seconds is not None:
            fields["waited_seconds"] = round(figures.waited_seconds, 3)
        if figures.audio_seconds:
            fields["audio_seconds"] = round(figures.audio_seconds, 2)
        line = " ".join(f"{name}={value}" for name, value in fields.items())
        log.log(logging.DEBUG if route in QUIET else logging.INFO, "%s", line, extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, and `exception` with its traceback; of a request its figures instead of a message."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        line |= getattr(record, "fields", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
