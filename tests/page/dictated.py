"""A service whose recogniser hears what a test dictates: for words that no speaker says, such as markup, and for a full house."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn

from tests.unit.runner.scripted import Scripted
from tests.unit.runner.services import NamedEngine, service
from transcription_api.transcript import Segment
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.recognition.recognise import Heard
from transcription_runner.engine.transcript import Part, Placed
from transcription_runner.engine.words.align import Aligned
from transcription_runner.serve.application import application
from transcription_runner.serve.service import Service


class Dictated(Scripted):
    """Every recording says these segments. While `go_on` is not set, the recogniser waits."""

    def __init__(self, segments: Sequence[Segment], **faults: Any) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        super().__init__(recognise=self._wait, **faults)
        self._segments = list(segments)

    def _wait(self, _: list[str]) -> None:
        self.go_on.wait(30)

    def align(self, recognised: Sequence[tuple[InFlight, Part, Heard]]) -> list[Placed]:
        return [Placed(part, heard, Aligned(self._segments, "aligned")) for _, part, heard in recognised]


@contextmanager
def dictating(stages: Dictated, **house: Any) -> Iterator[tuple[str, Service]]:
    """Its address, and the service itself."""
    with NamedEngine(stages) as engine:
        held = service(engine, most=1 << 24, **house)
        config = uvicorn.Config(application(held, "0"), port=0, lifespan="off", log_config=None, ws="websockets-sansio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", held
        finally:
            stages.go_on.set()
            server.should_exit = True
            thread.join()
