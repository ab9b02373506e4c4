"""One transcript's five files, judged by every validator but the W3C's, which looks at many files at once (`w3c.py`)."""

import io
import json
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import webvtt

from tests.validators.grammar import srt_faults, tsv_faults, txt_faults
from tests.validators.reading import read_back, word_list
from transcription_api.speech import Format

SCHEMA = Path(__file__).parents[2] / "crds/schemas/transcript.json"


def faults(files: dict[Format, bytes], spoken: str, speakers: set[str]) -> list[str]:
    """What is wrong with the five files of a transcript in which `speakers` said `spoken`."""
    grammars = (
        *(f"srt: {fault}" for fault in srt_faults(files[Format.SRT])),
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
    spans = [(caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds()) for caption in captions]
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        yield "a cue stands over the next one"


def _other_words(files: dict[Format, bytes], spoken: str, speakers: set[str]) -> Iterator[str]:
    for parser, text in read_back(files, speakers).items():
        wanted = word_list(spoken.replace("\\N", " ") if parser == "pysubs2" else spoken)  # pysubs2's `\N` is a newline
        found = word_list(text)
        if found != wanted:
            yield f"{parser}: reads {found!r}, but {wanted!r} was said"
