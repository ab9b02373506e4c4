"""What the kubelet asks over HTTP: `/livez`, whether the operator should be restarted, and `/readyz`, whether it does its work.

200 is yes; 503 is no, and says why, a line for each reason.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from transcription_operator.hearing import HOPE, PATIENCE, Hearing


class Health:
    """Why the operator is not alive or not ready, if so."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self.waits_for: str | None = "the API server"
        """What has to come before work begins; None: it has begun."""
        self._watches_run = False

    def why_not_alive(self) -> list[str]:
        """One sentence for each reason to restart the operator."""
        return [f"the watch of {watch} is silent, and does not come back" for watch in self._hearing.silent(HOPE)]

    def why_not_ready(self) -> list[str]:
        """One sentence for each reason not to count on the operator now."""
        if self.waits_for:
            return [f"waiting for {self.waits_for}"]
        # At first, until the watches have told all that the first listing showed.
        silent = self._hearing.silent(PATIENCE if self._watches_run else 0)
        self._watches_run |= not silent
        return [f"the watch of {watch} is silent" for watch in silent]


@asynccontextmanager
async def serving(health: Health, port: int) -> AsyncIterator[None]:
    """Answer on `port`, meanwhile."""
    application = web.Application()
    application.add_routes(
        [web.get("/livez", _answering(health.why_not_alive)), web.get("/readyz", _answering(health.why_not_ready))]
    )
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "0.0.0.0", port).start()
        yield
    finally:
        await runner.cleanup()


def _answering(why_not: Callable[[], list[str]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        reasons = why_not()
        return web.Response(text="\n".join(reasons or ["ok"]) + "\n", status=503 if reasons else 200)

    return answer
