"""Why a request gets no transcript: the status, the body and the headers that say so. Pure.

One shape for all routes, that of OpenAI's API: `{"error": {"message", "type", "param", "code"}}`, and where it helps `allowed`
(what may be asked for instead) and `position` (how many requests are before this one). `code` is a word for programs, the same
that manifests and `status.failures` have; `message` is for people and says what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transcription_runner.errors import DeviceError, FileError, TranscriptionError
from transcription_runner.loading import in_words_of_options

STATUS_OF_FILES = {
    "UnsupportedFormat": 415,
    "EmptyObject": 422,
    "NoAudioStream": 422,
    "DamagedAudio": 422,
    "TooManyChannels": 422,
    "NoSuchTrack": 422,
    "DecodeTimeout": 422,
    "TooLong": 413,
    "ScratchFull": 503,
    "OutOfMemory": 503,
}
"""By the reason of a FileError; every other one is a fault of ours, 500."""
LATER_SECONDS = 10
"""When to try again where nobody can say."""
LONGEST_NAME = 50
"""So much of a name that a stranger invented is repeated."""
TYPES = {401: "authentication_error", 429: "rate_limit_error"}
WORDS = {
    "decoding.initialPrompt": "prompt",
    "decoding.hotwords": "keywords",
    "languageDetection.candidates": "languages",
    "diarization.enabled": "diarize",
    "diarization.minSpeakers": "min_speakers",
    "diarization.maxSpeakers": "max_speakers",
    "alignment.enabled": "word_timestamps",
    "audio.channels": "channels",
}
"""The contract's fields that errors of the engine speak of -> the parameters that stand for them here."""


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is what is answered
    """A request that is not carried out."""

    status: int
    code: str
    message: str
    param: str | None = None
    """The parameter that is at fault."""
    allowed: Sequence[str] | None = None
    """What that parameter may be."""
    retry_after: int | None = None
    """Seconds after which to ask again, where that may help."""
    position: int | None = None
    """Which one this request would be, counted from the one in work on."""

    def body(self) -> dict[str, Any]:
        """What is answered, as JSON."""
        kind = TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error: dict[str, Any] = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        if self.allowed is not None:
            error["allowed"] = list(self.allowed)
        if self.position is not None:
            error["position"] = self.position
        return {"error": error}

    def headers(self) -> dict[str, str]:
        """What is answered beside it."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


def refusal_of(error: TranscriptionError) -> Refusal:
    """What an error of the engine means for the one request. What went wrong inside is the log's matter, not the client's."""
    if isinstance(error, DeviceError):
        return Refusal(503, error.reason, "the device of this service stopped working", retry_after=LATER_SECONDS)
    message = in_words_of_options(error.message, WORDS)
    if not isinstance(error, FileError):
        return Refusal(422, error.reason, message)
    status = STATUS_OF_FILES.get(error.reason, 500)
    if status == 500:
        return internal()
    if status == 503:
        return Refusal(status, error.reason, f"{message}; try again later", "file", retry_after=LATER_SECONDS)
    return Refusal(status, error.reason, message, "file")


def internal() -> Refusal:
    """A fault of ours. The answer's X-Request-Id leads to the log."""
    return Refusal(500, "InternalError", "an internal error; the service's log has more under this answer's X-Request-Id")


def invalid(faults: Sequence[Mapping[str, Any]], allowed: Mapping[str, Sequence[str]]) -> Refusal:
    """Parameters that are none, or have values that they cannot have. `faults`: as pydantic lists them; `allowed`: by name."""
    told = []
    for fault in faults:
        name = str(fault["loc"][-1])[:LONGEST_NAME]
        if fault["type"] == "extra_forbidden":
            told.append((name, f"there is no parameter {name!r}; there are {', '.join(allowed)}", tuple(allowed)))
        elif allowed.get(name):
            told.append((name, f"{name} must be one of {', '.join(allowed[name])}", tuple(allowed[name])))
        else:
            message = str(fault["msg"])
            told.append((name, f"{name}: {message[:1].lower()}{message[1:]}", ()))
    first = told[0]
    return Refusal(422, "InvalidParameter", "; ".join(message for _, message, _ in told), first[0], first[2] or None)
