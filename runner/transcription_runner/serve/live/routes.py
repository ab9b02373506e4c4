"""The WebSockets' routes. What they take and tell is in docs/live.md: OpenAPI knows no WebSockets."""

from fastapi import APIRouter
from starlette.websockets import WebSocket

from transcription_runner.serve.live.listen import listen
from transcription_runner.serve.live.realtime import realtime
from transcription_runner.serve.service import Service


def live_routes(service: Service) -> APIRouter:
    """Each lets in whom it lets in before it accepts."""
    routes = APIRouter()

    @routes.websocket("/v1/realtime")
    async def of_openai(websocket: WebSocket) -> None:
        await realtime(websocket, service)

    @routes.websocket("/v1/listen")
    async def of_deepgram(websocket: WebSocket) -> None:
        await listen(websocket, service)

    return routes
