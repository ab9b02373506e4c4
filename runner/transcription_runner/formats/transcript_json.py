"""JSON: the whole transcript, whisperX's fields and ours; its schema is published as crds/schemas/transcript.json."""

import json

from transcription_api.transcript import Transcript
from transcription_runner.formats.plain import flattened


def write_json(transcript: Transcript) -> str:
    """One JSON object; text is written as it is, not as escapes, and flattened as in the other formats."""
    document = transcript.wire()
    for segment in document["segments"]:
        segment["text"] = flattened(segment["text"])
    for word in (*document["word_segments"], *(word for segment in document["segments"] for word in segment["words"])):
        word["word"] = flattened(word["word"])
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
