"""Bad files, always the same ones: functions from a good file to a damaged one, playlists, and what was never sound."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable
from functools import partial

Damage = Callable[[bytes], bytes]
SUFFIXES = (".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus", ".webm", ".amr", ".aiff", ".caf")
"""Of the formats whose files are damaged."""
FRAME_AMR = 31
"""Bytes of an AMR frame at 12.2 kbit/s (20 ms), without its header."""


def amr(seconds: float) -> bytes:
    """AMR narrow band (RFC 4867) whose frames hold noise; ffmpeg often comes without an encoder."""
    noise = random.Random("amr")
    return b"#!AMR\n" + b"".join(b"\x3c" + noise.randbytes(FRAME_AMR) for _ in range(round(seconds * 50)))


def _cut_to(share: float, good: bytes) -> bytes:
    return good[: int(len(good) * share)]


def _cut_after(size: int, good: bytes) -> bytes:
    return good[:size]


def _flipped(seed: int, first: float, last: float, count: int, good: bytes) -> bytes:
    """`count` bytes between two positions changed; positions above 1 are bytes, others shares of the whole."""
    chance, bad = random.Random(seed), bytearray(good)
    low, high = (int(at if at > 1 else at * len(good)) for at in (first, last))
    for _ in range(count):
        bad[chance.randrange(low, min(high, len(good)))] ^= chance.randrange(1, 256)
    return bytes(bad)


def _filled(byte: int, first: float, last: float, good: bytes) -> bytes:
    start, end = int(first * len(good)), int(last * len(good))
    return good[:start] + bytes([byte]) * (end - start) + good[end:]


def _numbers_at_their_most(good: bytes) -> bytes:
    """Every second word of the header after the magic is the largest there is: sizes, rates, counts."""
    bad = bytearray(good)
    for at in range(12, min(120, len(good) - 4), 8):
        bad[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(bad)


def _without(first: float, last: float, good: bytes) -> bytes:
    return good[: int(first * len(good))] + good[int(last * len(good)) :]


def _end_first(good: bytes) -> bytes:
    return good[len(good) // 2 :] + good[: len(good) // 2]


def _header_over_and_over(good: bytes) -> bytes:
    return good[:256] * 200


def _noise_behind_header(good: bytes) -> bytes:
    return good[:64] + random.Random("behind").randbytes(50_000)


TRUNCATED: dict[str, Damage] = {
    **{f"cut after {size} bytes": partial(_cut_after, size) for size in (1, 4, 9, 13, 24, 45, 200)},
    **{f"cut to {share:.0%}": partial(_cut_to, share) for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.97)},
}
FUZZED: dict[str, Damage] = {
    **{f"header fuzzed, seed {seed}": partial(_flipped, seed, 4, 100, 3) for seed in range(8)},
    **{f"header fuzzed much, seed {seed}": partial(_flipped, seed, 4, 300, 40) for seed in range(8, 12)},
    **{f"bytes flipped, seed {seed}": partial(_flipped, seed, 0.0, 1.0, 60) for seed in range(12, 16)},
    "magic flipped": partial(_flipped, 16, 0.0, 4, 2),
    "end flipped": partial(_flipped, 17, 0.9, 1.0, 80),
    "zeros in the middle": partial(_filled, 0, 0.3, 0.7),
    "ones in the middle": partial(_filled, 255, 0.3, 0.7),
    "a piece missing": partial(_without, 0.3, 0.5),
    "no beginning": partial(_without, 0.0, 0.1),
    "end first": _end_first,
    "numbers at their most": _numbers_at_their_most,
    "header over and over": _header_over_and_over,
    "noise behind the header": _noise_behind_header,
}


def _with(marker: bytes, offset: int, field: bytes, good: bytes) -> bytes:
    """A field at a distance behind a marker, overwritten."""
    at = good.index(marker) + len(marker) + offset
    return good[:at] + field + good[at + len(field) :]


def _flac_total(good: bytes) -> bytes:
    """STREAMINFO's 36-bit number of samples (RFC 9639, 8.2) at its most: 50 days at 16 kHz."""
    return good[:21] + bytes([good[21] | 0x0F]) + b"\xff\xff\xff\xff" + good[26:]


def _ogg_end(good: bytes) -> bytes:
    """The last page ends at a sample that is years away."""
    at = good.rindex(b"OggS") + 6
    return good[:at] + struct.pack("<q", 1 << 60) + good[at + 8 :]


CLAIMS: dict[tuple[str, str], Damage] = {
    (".wav", "a data chunk of 2 GiB"): partial(_with, b"data", 0, struct.pack("<I", 0x7FFFFFF0)),
    (".wav", "a data chunk of 4 GiB"): partial(_with, b"data", 0, struct.pack("<I", 0xFFFFFFF0)),
    (".wav", "a rate of 4 GHz"): partial(_with, b"fmt ", 8, b"\xff\xff\xff\xff"),
    (".wav", "a rate of 0"): partial(_with, b"fmt ", 8, bytes(4)),
    (".wav", "65535 channels"): partial(_with, b"fmt ", 6, b"\xff\xff"),
    (".wav", "no channels"): partial(_with, b"fmt ", 6, bytes(2)),
    (".wav", "frames of 0 bytes"): partial(_with, b"fmt ", 16, bytes(4)),
    (".wav", "65535 bits a sample"): partial(_with, b"fmt ", 18, b"\xff\xff"),
    (".wav", "a codec that nobody knows"): partial(_with, b"fmt ", 4, b"\xab\xcd"),
    (".wav", "a format chunk of 4 GiB"): partial(_with, b"fmt ", 0, b"\xff\xff\xff\xff"),
    (".flac", "50 days"): _flac_total,
    (".flac", "a rate of 0"): lambda good: good[:18] + bytes(2) + bytes([good[20] & 0x0F]) + good[21:],
    (".flac", "a metadata block of 16 MiB"): lambda good: good[:5] + b"\xff\xff\xff" + good[8:],
    (".m4a", "136 years"): partial(_with, b"mdhd", 16, b"\xff\xff\xff\xff"),
    (".m4a", "a unit of time of 0"): partial(_with, b"mdhd", 12, bytes(4)),
    (".m4a", "4 billion samples"): partial(_with, b"stsz", 8, b"\xff\xff\xff\xff"),
    (".m4a", "4 billion chunks"): partial(_with, b"stco", 4, b"\xff\xff\xff\xff"),
    (".m4a", "4 billion runs of samples"): partial(_with, b"stts", 4, b"\xff\xff\xff\xff"),
    (".m4a", "a run of 4 billion samples"): partial(_with, b"stts", 8, b"\xff\xff\xff\xff"),
    (".m4a", "samples beyond the end"): partial(_with, b"stco", 8, b"\x7f\xff\xff\xff"),
    (".m4a", "a box of 4 GiB"): lambda good: good[: good.index(b"trak") - 4] + b"\xff\xff\xff\xff" + good[good.index(b"trak") :],
    (".mp3", "4 billion frames"): partial(_with, b"Info", 4, b"\xff\xff\xff\xff"),
    (".mp3", "a tag of 256 MiB"): lambda good: good[:6] + b"\x7f\x7f\x7f\x7f" + good[10:],
    (".ogg", "an end in years"): _ogg_end,
    (".ogg", "a rate of 4 GHz"): partial(_with, b"\x01vorbis", 5, b"\xff\xff\xff\xff"),
    (".ogg", "255 channels"): partial(_with, b"\x01vorbis", 4, b"\xff"),
    (".opus", "an end in years"): _ogg_end,
    (".opus", "255 channels"): partial(_with, b"OpusHead", 1, b"\xff"),
    (".webm", "10 to the 300 ms"): partial(_with, b"\x44\x89\x88", 0, struct.pack(">d", 1e300)),
    (".webm", "a cluster of 2^55 bytes"): partial(_with, b"\x1f\x43\xb6\x75", 0, b"\x01\x7f\xff\xff\xff\xff\xff\xff"),
    (".aiff", "4 billion frames"): partial(_with, b"COMM", 6, b"\xff\xff\xff\xff"),
    (".aiff", "a rate beyond all numbers"): partial(_with, b"COMM", 12, b"\x7f\xfe" + b"\xff" * 8),
    (".caf", "packets without end"): partial(_with, b"data", 0, b"\x7f" + b"\xff" * 7),
    (".caf", "a rate of infinity"): partial(_with, b"desc", 8, struct.pack(">d", float("inf"))),
}
"""Numbers that cannot be true, by the file that makes the claim."""


def external_reference(m4a: bytes, address: str, kind: bytes) -> bytes:
    """The file with its sound elsewhere, as a data reference (ISO/IEC 14496-12, 8.7.2) of a kind names it: `url ` or `alis`."""
    at = m4a.index(b"dref") + 12
    assert m4a[at + 4 : at + 8] == b"url "
    body = bytes(4) + address.encode() + b"\0"
    if kind == b"alis":
        body = bytes(4) + bytes(154) + struct.pack(">HH", 2, len(address)) + address.encode() + b"\xff\xff\0\0"
    entry = struct.pack(">I", 8 + len(body)) + kind + body
    bad = bytearray(m4a[:at] + entry + m4a[at + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size = m4a.index(box) - 4
        bad[size : size + 4] = struct.pack(">I", struct.unpack_from(">I", m4a, size)[0] + len(entry) - 12)
    return bytes(bad)


PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n",
    "m3u8 with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n',
    "m3u8 with a map": '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MAP:URI="{url}"\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n',
    "m3u8 of playlists": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\n{url}\n",
    "m3u8 of concat": "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:{url}|{path}\n#EXT-X-ENDLIST\n",
    "m3u8 of a subfile": "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nsubfile,,start,0,end,9999,,:{path}\n#EXT-X-ENDLIST\n",
    "m3u8 behind blank lines": "\n" * 3 + "#EXTM3U\n#EXTINF:5,\n{url}\n",
    "m3u8 behind a byte order mark": "\ufeff#EXTM3U\n#EXTINF:5,\n{url}\n",
    "m3u8 behind 5000 bytes": "\n" * 5000 + "#EXTM3U\n#EXTINF:1,\n{url}\n",
    "m3u without a header": "{url}\n{path}\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\nfile '{url}'\n",
    "concat without a header": "file '{path}'\nfile '{url}'\n",
    "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{url}</BaseURL></MPD>',
    "smooth streaming": '<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="{url}"/></SmoothStreamingMedia>',
    "pls": "[playlist]\nFile1={url}\nFile2={path}\nNumberOfEntries=2\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>{url}</location>'
    "</track></trackList></playlist>",
    "asx": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
    "smil": '<smil><body><audio src="{url}"/></body></smil>',
    "wpl": '<?wpl version="1.0"?><smil><body><seq><media src="{url}"/></seq></body></smil>',
    "ram": "rtsp://127.0.0.1:{port}/x.ra\n{url}\n",
    "cue": 'FILE "{path}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "imf": '<?xml version="1.0"?><AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM"><Path>{url}</Path></AssetMap>',
    "ffmetadata": ";FFMETADATA1\ntitle={url}\n",
    "subtitles of a video": "{{1}}{{1}}25.0\n{{10}}{{20}}{url}\n",
    "avisynth": 'WavSource("{path}")\n',
    "shell": "#!/bin/sh\ncat {path}\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>',
    "html": '<!DOCTYPE html><html><audio src="{url}"></audio></html>',
    "xml entity": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]><MPD>&e;</MPD>',
}
"""Files of text that name sound elsewhere: an address and a path."""


def _zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def no_sound(wav: bytes) -> dict[str, bytes]:
    """Files of other kinds, some with sound packed inside."""
    noise = random.Random("none")
    return {
        "text": b"this is a text that somebody called a recording\n" * 40,
        "text in UTF-16": ("Das ist ein Text.\n" * 200).encode("utf-16"),
        "CSV": b"a,b,c\n1,2,3\n" * 500,
        "JSON": b'{"sound": [1, 2, 3]}' * 10,
        "HTML": b"<html><body>404</body></html>",
        "access denied": b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
        "PDF": b"%PDF-1.7\n" + b"x" * 5000,
        "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0) + bytes(500),
        "GIF": b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01" + noise.randbytes(3000),
        "gzip of sound": gzip.compress(wav, mtime=0),
        "gzip bomb": gzip.compress(bytes(5_000_000), mtime=0),
        "ZIP of sound": _zipped("sound.wav", wav),
        "ZIP with a path": _zipped("../../sound.wav", wav),
        "ELF": b"\x7fELF\x02\x01\x01" + noise.randbytes(20_000),
        "SQLite": b"SQLite format 3\0" + bytes(8000),
        "zeros": bytes(50_000),
        "ones": b"\xff" * 50_000,
        "noise": noise.randbytes(50_000),
        "a single byte": b"x",
        "a single zero": b"\0",
        "subtitles": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n\n" * 50,
        "WebVTT": b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n",
        "MIDI": b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0",
        "sound as text": wav.hex().encode(),
        "RIFF of another kind": b"RIFF" + struct.pack("<I", 5000) + b"WEBPVP8 " + noise.randbytes(5000),
    }
