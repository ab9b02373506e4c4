"""What readers get out of the five formats: each file's text, read back by the parsers that people use."""

import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable

import pysubs2
import srt
import webvtt

from transcription_api.speech import Format
from transcription_runner.formats.subtitles.text import UNSPACED

JOINER = "\u2060"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_UNDERLINED = re.compile(r"<u>(.*?)</u>", re.DOTALL)


def word_list(text: str) -> list[str]:
    """All that is said, in order; punctuation and characters of scripts without spaces stand apart, since lines break at them."""
    return "".join(map(_apart, text)).split()


def _apart(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    if character in f"{JOINER}\ufeff":
        return ""
    return f" {character} " if category.startswith("P") or _UNSPACED.match(character) else character


def read_back(files: dict[Format, bytes], speakers: Iterable[str]) -> dict[str, str]:
    """Parser -> the text that it finds in its file, without the speakers' names and the highlighting."""
    names = [f"[{name}]: " for name in speakers]
    return {name: parse(files[format_].decode(), names) for name, (format_, parse) in PARSERS.items()}


def _json(content: str, names: list[str]) -> str:
    return " ".join(segment["text"] for segment in json.loads(content)["segments"])


def _tsv(content: str, names: list[str]) -> str:
    return " ".join(row.split("\t")[2] for row in content.split("\n")[1:-1])


def _txt(content: str, names: list[str]) -> str:
    return " ".join(_unnamed(line, names) for line in content.split("\n"))


def _srt(content: str, names: list[str]) -> str:
    return _said([_unnamed(cue.content, names) for cue in srt.parse(content)])


def _pysubs2(content: str, names: list[str]) -> str:
    """Read and written again by pysubs2, which drops what it takes for markup: a round trip."""
    if not content:
        return ""
    read = pysubs2.SSAFile.from_string(content, "srt")
    marked = [re.sub(r"{\\u([01])}", _underline, event.text) for event in read]
    again = pysubs2.SSAFile.from_string(content, "srt", keep_html_tags=True).to_string("srt", keep_ssa_tags=True)
    back = pysubs2.SSAFile.from_string(again, "srt")
    times = [[(event.start, event.end) for event in subtitles] for subtitles in (read, back)]
    if times[0] != times[1]:
        raise ValueError("pysubs2 does not find its own times again")
    return _said([_unnamed(text.replace("\\N", "\n"), names) for text in marked])


def _underline(tag: re.Match[str]) -> str:
    return "<u>" if tag[1] == "1" else "</u>"


def _webvtt(content: str, names: list[str]) -> str:
    captions = webvtt.from_buffer(io.StringIO(content)).captions
    texts = [re.sub(r"^<v [^>]*>|</v>$", "", caption.raw_text) for caption in captions]
    return unescaped(_said(texts))


def unescaped(text: str) -> str:
    """WebVTT's escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unnamed(text: str, names: list[str]) -> str:
    plain = text.replace(JOINER, "")
    return next((plain.removeprefix(name) for name in names if plain.startswith(name)), plain)


def _said(texts: list[str]) -> str:
    """Of highlighted cues the highlighted words, else everything."""
    highlighted = [_UNDERLINED.findall(text) for text in texts]
    return " ".join(word for words in highlighted for word in words) if any(highlighted) else " ".join(texts)


PARSERS: dict[str, tuple[Format, Callable[[str, list[str]], str]]] = {
    "json": (Format.JSON, _json),
    "tsv": (Format.TSV, _tsv),
    "txt": (Format.TXT, _txt),
    "srt": (Format.SRT, _srt),
    "pysubs2": (Format.SRT, _pysubs2),
    "webvtt-py": (Format.VTT, _webvtt),
}
