"""Speech with known times: espeak-ng through its C library, which reports when each word and phoneme begins.

The library keeps one voice and one callback for the whole process, so calls are serial; use processes to go faster.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

SAMPLE_RATE = 16_000  # Hz, what Whisper and wav2vec2 hear

_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8 = 2, 1, 1
_WORD, _PHONEME, _LIST_END = 1, 7, 0
_RATE, _PITCH, _RANGE = 1, 3, 4
_FILE_NAMES = {"en-gb": "en"}  # the library looks voices up by file name, the command by language


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Event:
    """One thing that espeak-ng reports: `kind` "word" or "phoneme", its start in seconds, the phoneme's name."""

    kind: str
    start: float
    name: str


@dataclass(frozen=True)
class Utterance:
    """Mono audio at 16 kHz in [-1, 1] and its events in order of time."""

    audio: NDArray[np.float32]
    events: tuple[Event, ...]


class _Library:
    def __init__(self) -> None:
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise RuntimeError("espeak-ng is missing: install it (Debian: apt-get install espeak-ng)")
        self.c = ctypes.CDLL(path)
        self.rate: int = self.c.espeak_Initialize(_SYNCHRONOUS, 200, None, _PHONEME_EVENTS)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng does not start: its voice data is missing")
        self.chunks: list[NDArray[np.int16]] = []
        self.events: list[Event] = []
        self._callback = _Callback(self._receive)
        self.c.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if count and samples:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _LIST_END:
            event = events[index]
            if event.type in (_WORD, _PHONEME):
                kind = "word" if event.type == _WORD else "phoneme"
                name = event.name.decode("utf-8", "replace") if event.type == _PHONEME else ""
                self.events.append(Event(kind, event.audio_position / 1000, name))
            index += 1
        return 0


@cache
def _library() -> _Library:
    return _Library()


def speak(text: str, voice: str, speed: int = 175, pitch: int = 50, pitch_range: int = 50) -> Utterance:
    """Say `text` with an espeak-ng voice ("en-us+f3"); speed in words a minute, pitch and its range 0-99.

    Raises ValueError for an unknown voice, RuntimeError if the library is missing or fails.
    """
    lib = _library()
    language, plus, variant = voice.partition("+")
    if lib.c.espeak_SetVoiceByName((_FILE_NAMES.get(language, language) + plus + variant).encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice!r}; `espeak-ng --voices` lists them")
    for parameter, value in ((_RATE, speed), (_PITCH, pitch), (_RANGE, pitch_range)):
        lib.c.espeak_SetParameter(parameter, value, 0)
    lib.chunks, lib.events = [], []
    data = text.encode() + b"\0"
    if lib.c.espeak_Synth(data, len(data), 0, 0, 0, _UTF8, None, None) != 0:
        raise RuntimeError(f"espeak-ng fails on {text!r}")
    pcm = np.concatenate(lib.chunks) if lib.chunks else np.zeros(0, np.int16)
    return Utterance(resample(pcm.astype(np.float32) / np.float32(32768), lib.rate, SAMPLE_RATE), tuple(lib.events))


def resample(audio: NDArray[np.float32], source: int, target: int) -> NDArray[np.float32]:
    """Change the sampling rate (both in Hz) with a polyphase filter."""
    if source == target or not len(audio):
        return audio
    divisor = gcd(source, target)
    resampled: NDArray[np.float32] = resample_poly(audio, target // divisor, source // divisor).astype(np.float32)
    return resampled
