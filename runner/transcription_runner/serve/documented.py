"""What `/docs` says of requests and answers beyond what the parameters' own descriptions say."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from transcription_api.speech import Format
from transcription_api.transcript import Transcript
from transcription_runner.formats.documents import MEDIA_TYPES
from transcription_runner.serve.refusals import Refusal

DESCRIPTION = """Speech to text by one resident model: send a recording, get its transcript.

    curl -F file=@call.wav 'http://localhost:9080/transcribe?language=es&format=srt'

Every error is `{"error": {"message", "type", "param", "code"}}`; each answer has an `X-Request-Id`,
which the service's log has, too.
"""
TRANSCRIBE = """The sound goes in the part `file` of a form (multipart/form-data); parameters stand in the address. Known are the
formats of ffmpeg but those that name other files, and of video the sound. The answer comes when the whole is done; closing the
connection cancels the request."""
WRITE = """For a transcript that was corrected: send the JSON of `POST /transcribe` as the body (application/json), at most
32 MiB. Nothing is recognised again. `karaoke` is WebVTT in which each word has its time."""
EXAMPLES = {
    Format.TSV: "start\tend\ttext\n500\t2100\tThank you for calling.\n",
    Format.TXT: "Thank you for calling.\n",
    Format.VTT: "WEBVTT\n\n00:00:00.500 --> 00:00:02.100\nThank you for calling.\n",
    Format.SRT: "1\n00:00:00,500 --> 00:00:02,100\nThank you for calling.\n",
}
REFUSED = {
    401: ("no valid API key", Refusal(401, "InvalidKey", "send one of this service's API keys as Authorization: Bearer KEY …")),
    408: ("the upload came too slowly", Refusal(408, "TooSlow", "the upload came too slowly; …", "file")),
    413: ("the upload is too large, or lasts too long", Refusal(413, "TooLarge", "the upload is larger than …", "file")),
    415: ("no form, or no sound", Refusal(415, "UnsupportedFormat", "this is a PDF document, and no sound", "file")),
    422: (
        "a parameter, or what the model or the device cannot do: `allowed` says what is; a damaged file",
        Refusal(
            422, "InvalidParameter", "format must be one of json, tsv, …", "format", ["json", "tsv", "txt", "vtt", "srt", "all"]
        ),
    ),
    429: (
        "all places are taken: ask again after `Retry-After` seconds",
        Refusal(429, "TooManyRequests", "all 32 places are taken; …", position=33, retry_after=3),
    ),
    500: ("a fault of the service; its log has more", Refusal(500, "InternalError", "an internal error; …")),
    503: (
        "the scratch folder is full, memory ran out, or the device failed",
        Refusal(503, "ScratchFull", "other uploads …", "file"),
    ),
}


class ErrorDetail(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    message: str
    """What is wrong and what to do, for people."""
    type: Literal["invalid_request_error", "authentication_error", "rate_limit_error", "server_error"]
    """OpenAI's word for the kind of error."""
    param: str | None = None
    """The parameter or the part of the form that is at fault."""
    code: str
    """One word for programs."""
    allowed: list[str] | None = None
    """What the parameter may be."""
    position: int | None = None
    """Which one the request would have been of those that are taken in (429)."""


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


def transcript_body() -> dict[str, Any]:
    """The OpenAPI description of a body that is a transcript: it is read by our own hands, too."""
    schema = {"$ref": "#/components/schemas/Transcript"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def upload_form(properties: dict[str, Any] | None = None, required: tuple[str, ...] = ("file",)) -> dict[str, Any]:
    """The OpenAPI description of a form with a file and other fields: the form is read by our own hands, bound by bound."""
    file = {"type": "string", "format": "binary", "description": "The sound, with a file name."}
    schema = {"type": "object", "required": list(required), "properties": {"file": file, **(properties or {})}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def answers() -> dict[int | str, dict[str, Any]]:
    """What a route that transcribes answers, by status."""
    texts = {MEDIA_TYPES[name].partition(";")[0]: {"example": text} for name, text in EXAMPLES.items()}
    good: dict[str, Any] = {"model": Transcript, "description": "The transcript, as `format` says.", "content": texts}
    return {200: good, **refused()}


def refused() -> dict[int | str, dict[str, Any]]:
    """The errors of a route that takes sound, by status."""
    return {
        status: {"model": ErrorBody, "description": words, "content": {"application/json": {"example": refusal.body()}}}
        for status, (words, refusal) in REFUSED.items()
    }
