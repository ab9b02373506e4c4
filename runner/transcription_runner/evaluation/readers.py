"""The contents of files as speech: transcript JSON (ours and whisperX's), plain text, RTTM, CTM, STM and tables of texts.

A reader takes a file's text and gives the recordings that it speaks of, by name. A format that has no names gives the one
name `""`, as do RTTM, CTM and STM files of a single recording: it is then the file's own name that counts.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from pydantic import BaseModel, ValidationError

from transcription_runner.evaluation.speech import SpeakerTurn, Speech, TimedWord

Recordings = dict[str, Speech]


class _Word(BaseModel):
    word: str
    start: float | None = None
    end: float | None = None
    speaker: str | None = None


class _Segment(BaseModel):
    start: float
    end: float
    text: str
    speaker: str | None = None
    words: list[_Word] = []


class _Transcript(BaseModel):
    segments: list[_Segment]


def read_json(text: str) -> Recordings:
    """A transcript by us or by whisperX."""
    try:
        segments = _Transcript.model_validate_json(text).segments
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise ValueError(f"is not a transcript: {f'{place}: ' if place else ''}{fault['msg']}") from None
    words = [TimedWord(word.word, _time(word.start), _time(word.end)) for segment in segments for word in segment.words]
    turns = [turn for segment in segments for turn in _turns(segment)]
    timed = not segments or any(word.start is not None for word in words)
    return {
        "": Speech(
            " ".join(segment.text.strip() for segment in segments),
            tuple(words) if timed else None,
            tuple(turns) if turns or not segments else None,
        )
    }


def _turns(segment: _Segment) -> Iterator[SpeakerTurn]:
    """One turn, or more where the words say that the speaker changes."""
    speaker, start, end = segment.speaker, segment.start, segment.start
    for word in segment.words:
        if word.speaker and word.speaker != speaker:
            if speaker and end > start:
                yield SpeakerTurn(start, end, speaker)
                start = _time(word.start) or end
            speaker = word.speaker
        end = _time(word.end) or end
    if speaker and segment.end > start:
        yield SpeakerTurn(start, segment.end, speaker)


def _time(seconds: float | None) -> float | None:
    """whisperX writes NaN for a time that it does not know."""
    return None if seconds is None or not math.isfinite(seconds) else seconds


_SPEAKER_LABEL = re.compile(r"^\[[^\]\n]+\]:", re.MULTILINE)


def read_text(text: str) -> Recordings:
    """Plain text. `[NAME]:` at the start of a line says who spoke and is no part of what was said."""
    return {"": Speech(text=_SPEAKER_LABEL.sub("", text).strip())}


SEGMENT_TABLE = "start\tend\ttext"
"""The first line of a transcript's own TSV, ours and whisperX's."""


def read_table(text: str) -> Recordings:
    """Lines of key<TAB>text, or columns under a first line that names them, `key` and `text` among them."""
    if text.split("\n", 1)[0].rstrip("\r") == SEGMENT_TABLE:
        raise ValueError("is the TSV of a transcript (start, end, text), not a table of key and text")
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    key, said = 0, 1
    if rows and "key" in rows[0] and "text" in rows[0]:
        key, said = rows[0].index("key"), rows[0].index("text")
        rows = rows[1:]
    found: Recordings = {}
    for row in rows:
        if len(row) <= max(key, said):
            raise ValueError(f"{row[0][:80]!r}: a line needs a key, a tab and a text")
        if row[key] in found:
            raise ValueError(f"the key {row[key]!r} is given twice")
        found[row[key]] = Speech(text=row[said])
    return found


def read_rttm(text: str) -> Recordings:
    """Rich Transcription Time Marked: `SPEAKER recording channel start duration <NA> <NA> speaker …` lines; no others."""
    turns: dict[str, list[SpeakerTurn]] = defaultdict(list)
    for number, fields in _lines(text):
        if fields[0] != "SPEAKER":
            continue
        _enough(number, fields, 8, "SPEAKER recording channel start duration <NA> <NA> speaker")
        start, length = _seconds(number, fields[3]), _seconds(number, fields[4])
        if length > 0:
            turns[fields[1]].append(SpeakerTurn(start, start + length, fields[7]))
    return _named({name: Speech(turns=tuple(found)) for name, found in turns.items()}, Speech(turns=()))


def read_ctm(text: str) -> Recordings:
    """NIST's time marked words: `recording channel start duration word …` lines."""
    words: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for number, fields in _lines(text):
        _enough(number, fields, 5, "recording channel start duration word")
        start, length = _seconds(number, fields[2]), _seconds(number, fields[3])
        words[fields[0]].append((start, start + length, fields[4]))
    found = {
        name: Speech(" ".join(word for _, _, word in parts), tuple(TimedWord(word, start, end) for start, end, word in parts))
        for name, parts in ((name, sorted(parts)) for name, parts in words.items())
    }
    return _named(found, Speech("", ()))


def read_stm(text: str) -> Recordings:
    """NIST's segment time marks: `recording channel speaker start end [<labels>] text` lines."""
    parts: dict[str, list[tuple[float, float, str, str]]] = defaultdict(list)
    for number, fields in _lines(text):
        _enough(number, fields, 5, "recording channel speaker start end text")
        said = fields[6:] if len(fields) > 5 and re.fullmatch(r"<.*>", fields[5]) else fields[5:]
        if said and said[0].lower() == "ignore_time_segment_in_scoring":
            continue
        parts[fields[0]].append((_seconds(number, fields[3]), _seconds(number, fields[4]), fields[2], " ".join(said)))
    found = {
        name: Speech(
            " ".join(said for *_, said in segments),
            turns=tuple(SpeakerTurn(start, end, speaker) for start, end, speaker, said in segments if said and end > start),
        )
        for name, segments in ((name, sorted(segments)) for name, segments in parts.items())
    }
    return _named(found, Speech("", turns=()))


READERS: dict[str, Callable[[str], Recordings]] = {
    ".txt": read_text,
    ".tsv": read_table,
    ".rttm": read_rttm,
    ".stm": read_stm,
    ".ctm": read_ctm,
    ".json": read_json,
}
"""By suffix. Where several files speak of one recording, the first of this order counts for what they share."""


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if fields and not fields[0].startswith(";;"):
            yield number, fields


def _enough(number: int, fields: list[str], least: int, form: str) -> None:
    if len(fields) < least:
        raise ValueError(f"line {number} is not of the form: {form}")


def _seconds(number: int, field: str) -> float:
    try:
        seconds = float(field)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise ValueError(f"line {number}: {field!r} is no number of seconds")
    return seconds


def _named(found: Recordings, empty: Speech) -> Recordings:
    """The recordings by their names, or `""` where the file has one, or none."""
    return found if len(found) > 1 else {"": next(iter(found.values()), empty)}
