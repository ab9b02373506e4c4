"""`POST /formats`: a transcript of ours comes back, corrected perhaps, and goes out in the format that is asked for.

It comes from a stranger, so it is bounded on its way, read as what the contract says, and written one at a time: beside others'
sound it may take a thread, but not all of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.documents import MEDIA_TYPES, documents, karaoke
from transcription_runner.serve.answers import Body
from transcription_runner.serve.documented import WRITE, refused, transcript_body
from transcription_runner.serve.refusals import LATER_SECONDS, Refusal
from transcription_runner.serve.service import Service
from transcription_runner.serve.uploads import Scratch, bounded

FORMATS = "/formats"
MOST_BYTES = 32 << 20
"""Of one transcript: twelve hours of fast speech, each word with its times."""
LATEST_SECONDS = 1e7
"""Of any time in it: 115 days, longer than any recording."""


class Written(StrEnum):
    """A format, or karaoke."""

    JSON = Format.JSON
    TSV = Format.TSV
    TXT = Format.TXT
    VTT = Format.VTT
    SRT = Format.SRT
    KARAOKE = "karaoke"


class Asked(BaseModel):
    """The parameters of the address."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Written
    """How the transcript is written; karaoke is WebVTT with the time of each word."""


ALLOWED = {"format": tuple(str(one) for one in Written)}


def writing_routes(service: Service) -> APIRouter:
    """A transcript takes a place, as a recording does."""
    routes = APIRouter(dependencies=[Depends(service.admitted)], tags=["transcription"])
    writing = Writing(service.scratch)

    @routes.post(
        FORMATS,
        summary="Write a transcript in another format",
        description=WRITE,
        response_class=Response,
        responses={**refused(), 200: {"description": "The transcript, as `format` says."}},
        openapi_extra=transcript_body(),
    )
    async def formats(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        with service.place(request):
            content, media_type = await writing.written(request, asked.format)
        return Response(content, media_type=media_type)

    return routes


class Writing:
    """Writes transcripts, one at a time."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._turn = scratch, asyncio.Lock()

    async def written(self, request: Request, wanted: Written) -> Body:
        """A request's transcript in a format.

        Raises Refusal (NotJson, TooLarge, TooSlow, ScratchFull, InvalidTranscript), ClientDisconnect.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "NotJson", "send the transcript as POST /transcribe gave it, with Content-Type: application/json")
        async with _received(request, self._scratch) as file, self._turn:
            return await run_in_threadpool(_written, file, wanted)


@asynccontextmanager
async def _received(request: Request, scratch: Scratch) -> AsyncIterator[BinaryIO]:
    """The body as a file without a name, which goes away at the end."""
    held = Scratch(MOST_BYTES)
    file = UploadFile(TemporaryFile())
    try:
        async for chunk in bounded(request, scratch, held, MOST_BYTES):
            await file.write(chunk)
        await file.seek(0)
        yield file.file
    except Refusal as refusal:
        raise replace(refusal, param=None) from None  # there is no part `file` here
    except OSError as error:
        message = f"the scratch folder does not take the transcript: {error.strerror}; try again later"
        raise Refusal(503, "ScratchFull", message, retry_after=LATER_SECONDS) from None
    finally:
        scratch.taken -= held.taken
        await file.close()


def _written(file: BinaryIO, wanted: Written) -> Body:
    transcript = read(file.read())
    if wanted is Written.KARAOKE:
        return Body(karaoke(transcript, Subtitles()), MEDIA_TYPES[Format.VTT])
    format_ = Format(wanted)
    return Body(documents(transcript, [format_], Subtitles())[format_], MEDIA_TYPES[format_])


def read(content: bytes) -> Transcript:
    """A transcript of ours, from a stranger. `word_segments` are its segments' words, whatever stood there. Raises Refusal."""
    try:
        given = Transcript.model_validate_json(content, strict=True)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))[:100]
        raise _invalid(f"{place}: {fault['msg']}" if place else str(fault["msg"])) from None
    words = [word for segment in given.segments for word in segment.words]
    times = [
        given.transcription.duration_seconds,
        *(time for segment in given.segments for time in (segment.start, segment.end)),
        *(time for word in words for time in (word.start, word.end) if time is not None),
    ]
    if any(abs(time) > LATEST_SECONDS for time in times):
        raise _invalid(f"a time lies beyond {LATEST_SECONDS:.0f} seconds")
    return given.model_copy(update={"word_segments": words})


def _invalid(message: str) -> Refusal:
    return Refusal(422, "InvalidTranscript", f"this is no transcript of this service: {message}")
