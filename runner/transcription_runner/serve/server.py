"""Uvicorn as this service uses it: with its own connections, and with live streams that tell their last words before the end."""

import socket
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from transcription_runner.serve.connections import BACKLOG, Connections, Http, WebSocket
from transcription_runner.serve.live.streams import Streams

MESSAGE_BYTES = 16 << 20
"""Of one message of a WebSocket: OpenAI's clients may send 15 MiB of base64 at once."""
KEEP_ALIVE_SECONDS = 75
"""How long a connection may idle: longer than the 60 s of usual proxies, which would else meet connections that just closed."""


class Server(uvicorn.Server):
    """One application."""

    server_state: Connections

    def __init__(self, app: FastAPI, streams: Streams, most_connections: int, trusted_proxies: Sequence[str] = ()) -> None:
        """`trusted_proxies`: addresses and networks whose X-Forwarded-For is believed."""
        config = uvicorn.Config(
            app,
            http=Http,
            ws=WebSocket,
            ws_max_size=MESSAGE_BYTES,
            lifespan="off",
            log_config=None,
            log_level="warning",  # it would tell addresses, and what stands in them
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            backlog=BACKLOG,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
        )
        super().__init__(config)
        self.server_state = Connections(most_connections)
        self._streams = streams

    def stop(self, *_: object) -> None:
        """Answer what was taken, and end. May be a handler of signals."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """After a signal. Connections without a request are closed at once, lest they bring one while streams still tell."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Http):
                connection.shutdown()
        await self._streams.drain()
        await super().shutdown(sockets)
