"""Which media containers are opened. Everything else is refused by name, above all formats that name other files or addresses.

libav is told this list (`format_whitelist`), so a playlist is recognised but never followed.
"""

import re

ALLOWED_DEMUXERS = (
    "aac",
    "ac3",
    "aiff",
    "amr",
    "amrnb",
    "amrwb",
    "ape",
    "asf",
    "au",
    "avi",
    "caf",
    "dts",
    "eac3",
    "flac",
    "flv",
    "matroska",
    "mov",
    "mp3",
    "mpeg",
    "mpegts",
    "ogg",
    "tta",
    "w64",
    "wav",
    "wv",
)

GAPS_ARE_LEGAL = frozenset({"asf", "flv", "matroska", "mov", "mpegts"})
"""Containers whose timestamps may leave gaps: less audio than the stated length is damage only if the decoder complains too."""

TELLS_TIME = GAPS_ARE_LEGAL | {"mpeg", "ogg"}
"""Containers that state when their sound is heard. Of the others, timestamps are but a count of what was read."""

LENGTH_IS_A_GUESS = frozenset({"ogg", "mpeg", "mpegts"})
"""Containers that state no length: what libav tells is the difference of two timestamps."""

_BEGINNINGS = (b"RIFF", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"\x1aE\xdf\xa3", b"#!AMR", b"caff", b".snd")
_REFERENCES_OTHERS = (
    (re.compile(rb"^\s*#EXTM3U"), "an HLS or M3U playlist (m3u8)"),
    (re.compile(rb"^\s*ffconcat version"), "a concat script"),
    (re.compile(rb"<MPD[\s>]"), "a DASH manifest (mpd)"),
    (re.compile(rb"<SmoothStreamingMedia"), "a Smooth Streaming manifest"),
    (re.compile(rb"^\s*\[playlist\]", re.IGNORECASE), "a PLS playlist"),
    (re.compile(rb"^v=0\r?\no="), "a session description (sdp)"),
    (re.compile(rb"<(smil|asx|playlist)[\s>]", re.IGNORECASE), "a playlist in XML"),
)
_OTHERS = (
    (re.compile(rb"^\s*(<!DOCTYPE html|<html|<\?xml)", re.IGNORECASE), "a web or XML document"),
    (re.compile(rb"^\s*[{\[]\s*[\"{\[\]}]"), "JSON"),
    (re.compile(rb"^%PDF-"), "a PDF document"),
    (re.compile(rb"^PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"^\x1f\x8b"), "gzip data"),
    (re.compile(rb"^(\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP)", re.DOTALL), "an image"),
)


def begins_as_audio(head: bytes) -> bool:
    """Whether these are the first bytes of a format of sound."""
    return head.startswith(_BEGINNINGS)


def is_wave(head: bytes) -> bool:
    """Whether these are the first bytes of a WAVE file."""
    return head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"


def reference_format(head: bytes) -> str | None:
    """The kind of playlist or manifest that starts like this, if any: no sound of its own, only names of where to get it."""
    return next((name for pattern, name in _REFERENCES_OTHERS if pattern.search(head)), None)


def other_format(head: bytes) -> str | None:
    """The well-known kind of file without sound that starts like this, if any."""
    return next((name for pattern, name in _OTHERS if pattern.search(head)), None)


def unknown_format(head: bytes) -> str:
    """What a file that nobody recognises seems to be, for the message to the user."""
    printable = sum(byte in b"\t\r\n" or 32 <= byte < 127 or byte >= 160 for byte in head)
    return "plain text" if head and printable >= 0.97 * len(head) and b"\0" not in head else "no audio or video format known here"
