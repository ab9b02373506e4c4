"""Where sentences end (NLTK's punkt, as in whisperx's alignment): the splitter is found or fetched once, never asked for in vain.

whisperx itself tries to download it again for every segment, which takes minutes each where a network policy drops packets.
"""

import functools
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transcription_runner.engine.words.alphabet import WITHOUT_SPACES
from transcription_runner.engine.words.sentence_marks import cut_at_foreign_marks, spans_by_marks

log = logging.getLogger(__name__)

DOWNLOAD_SECONDS = 20.0


@contextmanager
def bounded_downloads() -> Iterator[None]:
    """Connections that the libraries open in here without a time limit get one."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def sentence_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end. A language without a splitter of its own gets the English one.

    Scripts without spaces, which no splitter knows, are cut at their marks; so is all text where no splitter can be had.
    """
    if language in WITHOUT_SPACES:
        return spans_by_marks(text, language)
    splitter = _splitter(language)
    if splitter is None:
        return spans_by_marks(text, language)
    return cut_at_foreign_marks(text, [(start, end) for start, end in splitter.span_tokenize(text)])


@functools.cache
def _splitter(language: str) -> Any:
    from nltk.tokenize.punkt import PunktTokenizer
    from whisperx.utils import PUNKT_LANGUAGES

    name = PUNKT_LANGUAGES.get(language, "english")
    for usable in (name, "english"):
        if _present(usable):
            return PunktTokenizer(usable)
    if _fetched(name):
        return PunktTokenizer(name)
    log.warning("NLTK's punkt_tab data is in no folder of NLTK_DATA and cannot be fetched; sentences are cut at . ! and ? alone")
    return None


def _present(name: str) -> bool:
    import nltk

    try:
        nltk.data.find(f"tokenizers/punkt_tab/{name}/")
    except LookupError:
        return False
    return True


def _fetched(name: str) -> bool:
    if os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0"):
        return False
    import nltk

    with bounded_downloads():
        nltk.download("punkt_tab", quiet=True)
    return _present(name)
