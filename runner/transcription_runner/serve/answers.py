"""A transcript as the body of an answer, in the format that was asked for. Pure."""

import json
from typing import NamedTuple

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.documents import MEDIA_TYPES, documents
from transcription_runner.serve.parameters import Answer


class Body(NamedTuple):
    """What is sent, and its media type."""

    content: bytes
    media_type: str


def body(transcript: Transcript, wanted: Answer) -> Body:
    """The transcript as one document; as `all`, a JSON object: under `json` the transcript, under the other names their text."""
    formats = list(Format) if wanted is Answer.ALL else [Format(wanted)]
    written = documents(transcript, formats, Subtitles())
    if wanted is not Answer.ALL:
        return Body(written[formats[0]], MEDIA_TYPES[formats[0]])
    whole = {str(name): json.loads(text) if name is Format.JSON else text.decode() for name, text in written.items()}
    return Body(json.dumps(whole, ensure_ascii=False).encode(), MEDIA_TYPES[Format.JSON])
