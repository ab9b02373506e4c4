"""One transcript's five files, judged by every validator but the W3C's, which looks at many files at once (`w3c.py`)."""

import io
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import jsonschema
import webvtt

from tests.validators.grammar import span_faults, srt_faults, tsv_faults, txt_faults
from tests.validators.reading import PARSERS, read_back, word_list
from transcription_api.speech import Format

SCHEMA = Path(__file__).parents[2] / "crds/schemas/transcript.json"


def faults(files: dict[Format, bytes], spoken: str, speakers: set[str]) -> list[str]:
    """What is wrong with the five files of a transcript in which `speakers` said `spoken`."""
    grammars = (
        *(f"srt: {fault}" for fault in srt_faults(files[Format.SRT], speakers)),
        *(f"tsv: {fault}" for fault in tsv_faults(files[Format.TSV])),
        *(f"txt: {fault}" for fault in txt_faults(files[Format.TXT])),
        *(f"vtt: {fault}" for fault in _vtt_faults(files[Format.VTT])),
        *(f"json: {fault}" for fault in _json_faults(files[Format.JSON])),
    )
    return [*grammars, *_other_words(files, spoken, speakers)]


def _json_faults(content: bytes) -> Iterator[str]:
    document = json.loads(content)
    for error in _schema().iter_errors(document):
        yield f"{error.json_path}: {error.message}"
    if document["word_segments"] != [word for segment in document["segments"] for word in segment["words"]]:
        yield "word_segments are not the segments' words"


@cache
def _schema() -> Any:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _vtt_faults(content: bytes) -> Iterator[str]:
    captions = webvtt.from_buffer(io.StringIO(content.decode())).captions
    yield from span_faults(
        [(one.start_time.in_milliseconds(), one.end_time.in_milliseconds(), _voice(one.raw_text)) for one in captions]
    )


def _voice(cue: str) -> str | None:
    found = re.match(r"<v ([^>]*)>", cue)
    return found and found[1]


def _other_words(files: dict[Format, bytes], spoken: str, speakers: set[str]) -> Iterator[str]:
    for parser, text in read_back(files, speakers).items():
        wanted = spoken.replace("\\N", " ") if parser == "pysubs2" else spoken  # pysubs2's `\N` is a newline
        by_cue = PARSERS[parser][0] in (Format.SRT, Format.VTT)
        if not (cues_say(text, wanted, files[Format.JSON]) if by_cue else word_list(text) == word_list(wanted)):
            yield f"{parser}: reads {word_list(text)!r}, but {word_list(wanted)!r} was said"


def cues_say(text: str, spoken: str, transcript: bytes) -> bool:
    """Whether cues say all that was said, in order; but for other speakers' words, where they talk at once."""
    found, wanted = word_list(text), word_list(spoken)
    return found == wanted or (sorted(found) == sorted(wanted) and _talk_at_once(json.loads(transcript)["segments"]))


def _talk_at_once(segments: list[dict[str, Any]]) -> bool:
    """Whether one of several speakers starts before what came earlier has ended."""
    parts = [(segment, *segment["words"]) for segment in segments]
    if len({one.get("speaker") for part in parts for one in part}) < 2:
        return False
    times = [[one[edge] for one in part for edge in ("start", "end") if edge in one] for part in parts]
    ends = accumulate(map(max, times), max)
    return any(min(part) < end for part, end in zip(times[1:], ends, strict=False))
