"""An upload from the connection to the disk: never whole in memory, within bounds of bytes and time, and gone afterwards.

The file has no name in the scratch folder, so that nothing is left of it even by a process that is killed; the engine opens it
by its descriptor. When a client has hung up, the number may belong to the next upload before the engine looks: what it then
decodes goes nowhere, since nobody waits for it any more.
"""

import asyncio
import os
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from transcription_runner.serve.refusals import LATER_SECONDS, Refusal

PATIENCE_SECONDS = 30.0
SLOWEST_BYTES = 1000.0
"""An upload may take so many seconds, and one more for each so many bytes that came: half of the thinnest stream of speech."""
FIELDS = 64
FIELD_BYTES = 64 << 10
FRAMING_BYTES = FIELDS * FIELD_BYTES
"""What a form may have beside its file."""
EXAMPLE = "send the sound as multipart/form-data, in the part file: curl -F file=@call.wav"


@dataclass
class Scratch:
    """What all uploads together may take on the disk. Used from one thread, that of the event loop."""

    most: int
    """Bytes."""
    taken: int = 0

    def take(self, size: int) -> None:
        """Raises Refusal (ScratchFull)."""
        if self.taken + size > self.most:
            raise Refusal(
                503, "ScratchFull", "other uploads fill the scratch folder; try again later", "file", retry_after=LATER_SECONDS
            )
        self.taken += size


@dataclass(frozen=True)
class Upload:
    """A file that has arrived."""

    path: Path
    name: str
    """As the client calls it, made harmless."""
    size: int
    """Bytes."""
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    """The form's other parts."""


class _ToDisk(MultiPartParser):
    """Starlette's parser, which writes a file to the disk from its first byte on."""

    spool_max_size = 1


@asynccontextmanager
async def received(request: Request, scratch: Scratch, most: int) -> AsyncIterator[Upload]:
    """The upload of a request, of at most so many bytes; it goes away at the end.

    Raises Refusal (NotMultipart, InvalidForm, TooLarge, TooSlow, ScratchFull), ClientDisconnect.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refusal(415, "NotMultipart", EXAMPLE)
    if (stated := request.headers.get("content-length", "")).isdigit() and int(stated) > most + FRAMING_BYTES:
        raise _too_large(most)
    held = Scratch(most + FRAMING_BYTES)
    form = FormData()
    try:
        form = await _parsed(request, bounded(request, scratch, held, most))
        yield _upload(form, most)
    finally:
        scratch.taken -= held.taken
        await form.close()


async def _parsed(request: Request, stream: AsyncGenerator[bytes, None]) -> FormData:
    try:
        return await _ToDisk(request.headers, stream, max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES).parse()
    except MultiPartException as error:
        raise Refusal(422, "InvalidForm", f"the form cannot be read: {error.message.rstrip('.')}; {EXAMPLE}", "file") from None
    except OSError as error:
        message = f"the scratch folder does not take the upload: {error.strerror}; try again later"
        raise Refusal(503, "ScratchFull", message, "file", retry_after=LATER_SECONDS) from None


async def bounded(request: Request, scratch: Scratch, held: Scratch, most: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes, counted in `scratch` and in `held`. Raises Refusal once it is too much or too slow."""
    began, stream = asyncio.get_running_loop().time(), request.stream()
    while True:
        try:
            async with asyncio.timeout_at(began + PATIENCE_SECONDS + held.taken / SLOWEST_BYTES):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise Refusal(408, "TooSlow", "the upload came too slowly; try again over a better connection", "file") from None
        if chunk is None:
            return
        if held.taken + len(chunk) > held.most:
            raise _too_large(most)
        scratch.take(len(chunk))
        held.taken += len(chunk)
        yield chunk


def _upload(form: FormData, most: int) -> Upload:
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    if [name for name, _ in files] != ["file"]:
        raise Refusal(422, "InvalidForm", f"the form has no file in the part file, with a filename; {EXAMPLE}", "file")
    [(_, file)] = files
    if (size := file.size or 0) > most:
        raise _too_large(most)
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return Upload(_path(file.file), harmless(file.filename or ""), size, fields)


def _path(file: BinaryIO) -> Path:
    """Where the file can be opened, though it has no name."""
    return Path(f"/proc/self/fd/{file.fileno()}")


def _too_large(most: int) -> Refusal:
    return Refusal(413, "TooLarge", f"the upload is larger than {most} bytes, the most that this service takes", "file")


_UNSAID = re.compile(r"[\s\ufffd]+")


def harmless(name: str) -> str:
    """A client's name for its file: the last part of a path, without characters that format or direct text, 255 bytes at most."""
    last = os.path.basename(name.replace("\\", "/"))  # noqa: PTH119 - a name, not a path of this machine
    shown = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in last)
    return _UNSAID.sub(" ", shown).strip().encode()[:255].decode("utf-8", "ignore")
