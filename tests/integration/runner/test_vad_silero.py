"""silero's network block after block beside faster-whisper's own function, which takes the whole sound at once."""

import random
import tracemalloc
from typing import Any

import numpy as np
import pytest
from faster_whisper import vad as theirs

from tests.integration.runner.sound import audio_of, said
from transcription_api.speech import Vad, VadMethod
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.detection import vad_silero
from transcription_runner.engine.detection.vad_silero import FRAME, Silero, turns

SETTINGS = Vad(method=VadMethod.SILERO, chunk_size=5)
OPTIONS = theirs.VadOptions(SETTINGS.onset, SETTINGS.offset, 250, 5.0, 100, 30)


def at_once(sound: Any) -> list[tuple[int, int]]:
    return [(turn["start"], turn["end"]) for turn in theirs.get_speech_timestamps(sound, OPTIONS)]


@pytest.mark.parametrize("frames", [1, 7, 2000])
def test_blocks_of_any_length_find_what_is_found_in_one_go(frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vad_silero, "BLOCK_FRAMES", frames)
    rng = random.Random(5)
    sentences = ("please confirm the order number seven four two", "the account is ready", "thank you", "the window is open")
    sound = audio_of(np.concatenate([said(sentence, around=rng.uniform(0.1, 0.8)) for sentence in sentences * 2]))
    [found] = Silero()([(sound, SETTINGS)])
    expected = at_once(sound.samples)
    assert len(expected) > 4
    assert [(round(turn.start * SAMPLE_RATE), round(turn.end * SAMPLE_RATE)) for turn in found] == expected


@pytest.mark.parametrize("seed", range(40))
def test_the_rules_for_turns_are_faster_whisper_s(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    speech = np.clip(0.5 + 0.6 * np.sin(np.cumsum(rng.normal(0, 0.4, 1500))) + rng.normal(0, 0.1, 1500), 0, 1)
    samples = 1500 * FRAME - int(rng.integers(1, FRAME))
    monkeypatch.setattr(theirs, "get_vad_model", lambda: lambda _sound: speech)
    longest = 5 * SAMPLE_RATE - FRAME - 2 * vad_silero.PAD
    found = turns(speech.tolist(), samples, SETTINGS.onset, SETTINGS.offset, longest)
    assert found == at_once(np.zeros(samples, np.float32))


def test_memory_does_not_grow_with_the_sound() -> None:
    short, long = (Audio(np.zeros(minutes * 60 * SAMPLE_RATE, np.int16)) for minutes in (5, 20))

    def peak(sound: Audio) -> int:
        tracemalloc.start()
        Silero()([(sound, SETTINGS)])
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    Silero()([(short, SETTINGS)])
    assert peak(long) < 1.2 * peak(short)
    assert peak(short) < 64 << 20
