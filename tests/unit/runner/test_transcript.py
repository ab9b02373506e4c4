"""What stands in a transcript beside its text: what is doubted, what is not covered, where word times come from."""

from typing import Any

import pytest

from tests.unit.runner.build import segment
from transcription_api.runner_config import Recipe
from transcription_api.transcript import DetectedLanguage, Segment, Word
from transcription_runner.engine.detection.vad import Chunk
from transcription_runner.engine.recognition.recognise import Heard
from transcription_runner.engine.transcript import Part, Placed, uncovered
from transcription_runner.engine.words.align import Aligned


def placed(
    text: str, *words: tuple[float, float], voiced: tuple[tuple[float, float], ...] = ((0.0, 10.0),), **heard: Any
) -> Placed:
    timed = [Word(word="w", start=start, end=end, score=heard.pop("score", 0.9)) for start, end in words]
    aligned = Aligned([Segment(start=0.0, end=10.0, text=text, words=timed)], "aligned", method="ctc") if words else None
    told = Heard(text, DetectedLanguage(code="en"), -0.1, 0.0, **heard)
    return Placed(Part(0, Chunk(0.0, 10.0, voiced)), told, aligned)


def stretches(one: Placed) -> list[tuple[float, float]]:
    return [(stretch.start, stretch.end) for stretch in uncovered([one])]


def test_speech_without_any_word_is_listed() -> None:
    assert stretches(placed("")) == [(0.0, 10.0)]
    assert stretches(placed("invented", suspicions=("no-speech",))) == [(0.0, 10.0)]


def test_a_long_stretch_of_voices_between_two_words_is_listed() -> None:
    assert stretches(placed("w w", (0.0, 1.0), (7.0, 10.0))) == [(1.0, 7.0)]


def test_a_pause_in_which_nobody_speaks_is_not() -> None:
    assert stretches(placed("w w", (0.0, 1.0), (7.0, 10.0), voiced=((0.0, 1.5), (6.5, 10.0)))) == []


def test_text_without_word_times_covers_its_segments() -> None:
    assert stretches(placed("some words")) == []


def test_text_that_the_aligner_hardly_finds_in_the_sound_is_doubted() -> None:
    doubted = placed("w", (0.0, 9.0), score=0.02).suspicion()
    assert doubted is not None
    assert doubted.reasons == ["low-alignment"]
    assert placed("w", (0.0, 9.0)).suspicion() is None


@pytest.mark.parametrize("names", [[], ["agent"]])
def test_words_of_a_channel_have_its_name_for_their_speaker(names: list[str]) -> None:
    [written] = placed("w", (0.0, 1.0)).segments(Recipe(), names[0] if names else None)
    assert written.speaker == (names[0] if names else None)
    assert {word.speaker for word in written.words} == {written.speaker}


def test_a_translation_has_whisper_s_own_passages() -> None:
    one = placed("Hello. Goodbye.", passages=((0.0, 2.0, "Hello."), (4.0, 6.5, "Goodbye.")))
    assert one.segments(Recipe(), None) == [
        segment("Hello.", 0.0, 2.0, avg_logprob=-0.1),
        segment("Goodbye.", 4.0, 6.5, avg_logprob=-0.1),
    ]
