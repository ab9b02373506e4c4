"""The strict grammars of SRT and TSV, which have no standard: what every player and every spreadsheet can read."""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

_CLOCK = r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3})"
_TIMES = re.compile(f"{_CLOCK} --> {_CLOCK}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_ROW = re.compile(r"(\d+)\t(\d+)\t(\S(?:[^\t]*\S)?)")


def srt_faults(content: bytes, speakers: Collection[str] = ()) -> Iterator[str]:
    """Numbered from 1, times as they must be, starts in order, no speaker over the same speaker, text without a blank line."""
    text = content.decode()
    if _CONTROL.search(text) or "\t" in text:
        yield "a control character"
    if not text:
        return
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "the end is not one newline"
    spans: list[Span] = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), start=1):
        index, _, rest = block.partition("\n")
        times, _, body = rest.partition("\n")
        lines = body.split("\n")
        found = _TIMES.fullmatch(times)
        if index != str(number):
            yield f"cue {number} is numbered {index!r}"
        if not all(line.strip() for line in lines):
            yield f"cue {number} has an empty line or no text"
        if any(len(re.findall(r"\d:\d+:\d+[,.]\d", line)) > 1 for line in lines):
            yield f"cue {number} has text that reads as times"
        if not found:
            yield f"cue {number} has the times {times!r}"
        else:
            start, end = (_ms(found.groups()[first : first + 4]) for first in (0, 4))
            plain = body.replace("\u2060", "")
            spans.append((start, end, next((name for name in speakers if plain.startswith(f"[{name}]: ")), None)))
    yield from span_faults(spans)


Span = tuple[int, int, str | None]
"""Start and end in milliseconds, and who speaks."""


def span_faults(spans: list[Span]) -> Iterator[str]:
    """What is wrong with the times of cues: two may stand at once if two speakers do, but nobody talks over themselves."""
    if any(start >= end for start, end, _ in spans):
        yield "a cue ends when it starts, or before"
    if any(before[0] > after[0] for before, after in pairwise(spans)):
        yield "a cue starts before the one before it"
    for speaker in {speaker for *_, speaker in spans}:
        own = [span for span in spans if span[2] == speaker]
        if any(before[1] > after[0] for before, after in pairwise(own)):
            yield f"a cue of {speaker or 'nobody'} stands over the next one"


def _ms(fields: tuple[str, ...]) -> int:
    hours, minutes, seconds, thousandths = map(int, fields)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def tsv_faults(content: bytes) -> Iterator[str]:
    """A header, then rows of whole milliseconds, start and end, and a text that is neither empty nor padded."""
    text = content.decode()
    if _CONTROL.search(text):
        yield "a control character"
    header, *rows = text.split("\n")
    if header != "start\tend\ttext":
        yield f"the header is {header!r}"
    if not rows or rows.pop():
        yield "no newline at the end"
    for number, row in enumerate(rows, start=1):
        found = _ROW.fullmatch(row)
        if not found or int(found[1]) > int(found[2]):
            yield f"row {number} is {row!r}"


def txt_faults(content: bytes) -> Iterator[str]:
    """Lines with text, each with its newline."""
    text = content.decode()
    if _CONTROL.search(text) or "\t" in text:
        yield "a control character"
    if text and (not text.endswith("\n") or not all(line.strip() for line in text.removesuffix("\n").split("\n"))):
        yield "an empty line, or no newline at the end"
