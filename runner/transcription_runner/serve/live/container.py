"""A stream in a container, such as a browser's microphone records it: decoded by a process of its own while it comes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.decoding.decode import INHERITED, DecodeBounds
from transcription_runner.errors import FileError

MODULE = "transcription_runner.engine.decoding.stream_child"
BLOCK_BYTES = SAMPLE_RATE  # half a second
REASON_BYTES = 1 << 14


class Container:
    """One process. What it is given waits in pipes: who feeds it waits for who listens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def feed(self, content: bytes) -> None:
        """More of the container; nothing once the process has ended, of which `sounds` tells."""
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(content)
            await self._process.stdin.drain()

    def finish(self) -> None:
        """Nothing more comes."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def sounds(self) -> AsyncIterator[NDArray[np.int16]]:
        """Its sound, as it is decoded. Raises FileError."""
        output, errors = self._process.stdout, self._process.stderr
        assert output is not None
        assert errors is not None
        left = b""
        while content := await output.read(BLOCK_BYTES):
            content = left + content
            whole = len(content) // 2 * 2
            left = content[whole:]
            yield np.frombuffer(content[:whole], "<i2")
        told = await errors.read(REASON_BYTES)
        if await self._process.wait():
            raise _fault(told)


@asynccontextmanager
async def decoding(longest_seconds: float) -> AsyncIterator[Container]:
    """A process that decodes one stream; it is gone at the end."""
    surroundings = {name: os.environ[name] for name in INHERITED if name in os.environ}
    arguments = ["-P", "-m", MODULE, str(SAMPLE_RATE), json.dumps(asdict(DecodeBounds(longest_seconds)))]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=surroundings, process_group=0
    )
    try:
        yield Container(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _fault(told: bytes) -> FileError:
    try:
        reason = json.loads(told.splitlines()[-1])
        return FileError(reason["reason"], reason["message"])
    except (ValueError, IndexError, KeyError, TypeError):
        return FileError("DamagedAudio", "the decoder crashed on it")
