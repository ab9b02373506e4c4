"""JSON: the whole transcript, whisperX's fields and ours."""

import json

from transcription_api.transcript import Transcript


def write_json(transcript: Transcript) -> str:
    """One JSON object; text is written as it is, not as escapes."""
    return json.dumps(transcript.wire(), ensure_ascii=False, indent=2) + "\n"
