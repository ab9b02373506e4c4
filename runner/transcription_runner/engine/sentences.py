"""The sentence splitter that whisperx's alignment needs (NLTK's punkt): found or fetched once, never asked for in vain.

whisperx itself tries to download it again for every segment, which takes minutes each where a network policy drops packets.
"""

import functools
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

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


@functools.cache
def language_of_splitter(language: str) -> str:
    """The language to tell whisperx, so that it finds a splitter: `language` itself, else English, which ends sentences alike.

    Raises LookupError when there is none and none can be fetched.
    """
    from whisperx.utils import PUNKT_LANGUAGES

    name = PUNKT_LANGUAGES.get(language, "english")
    if _present(name):
        return language
    if _present("english"):
        return "en"
    if _fetched(name):
        return language
    raise LookupError("NLTK's punkt_tab data is in no folder of NLTK_DATA and cannot be fetched; sentences cannot be split")


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
