"""The engine with the real WhisperX on the small models: languages, silence, word times, and text that is never lost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from tests.integration.runner.sound import Samples, said, silence
from transcription_api.runner_config import Recipe
from transcription_api.speech import Vad, VadMethod
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine.align import Aligner
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.pipeline import Engine
from transcription_runner.engine.recognise import Recognised
from transcription_runner.engine.vad import Chunk, find_speech, silero
from transcription_runner.errors import ConfigurationError

SENTENCE = "please confirm the order number seven four two"
SOURCE = SourceObject(bucket="calls", key="a.wav", etag="e")

EngineOf = Callable[..., Engine]


@pytest.fixture(scope="module")
def engine_of(models: Path) -> Iterator[EngineOf]:
    """Engines by recipe, each loaded once; nothing may be fetched from a hub."""
    before = {name: os.environ.get(name) for name in ("TRANSCRIPTION_MODEL_PATH", "HF_HUB_OFFLINE", "NLTK_DATA")}
    os.environ["TRANSCRIPTION_MODEL_PATH"], os.environ["HF_HUB_OFFLINE"] = str(models), "1"
    loaded: dict[str, Engine] = {}

    def engine(**settings: Any) -> Engine:
        wanted = recipe(**settings)
        if (name := wanted.model_dump_json()) not in loaded:
            loaded[name] = Engine(wanted, "cpu")
        return loaded[name]

    yield engine
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def recipe(batch_size: int = 4, **settings: Any) -> Recipe:
    return Recipe.model_validate({"model": {"name": "asr-small", "compute_type": "int8", "batch_size": batch_size}, **settings})


def text(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def transcribed(engine: Engine, samples: Samples) -> Transcript:
    return engine.transcribe(Audio(samples), SOURCE)


def test_speech_becomes_words_with_times_in_order(engine_of: EngineOf) -> None:
    transcript = transcribed(engine_of(), said(SENTENCE))
    assert jiwer.wer(SENTENCE, text(transcript)) <= 0.5
    assert transcript.transcription.alignment.status == "aligned"
    assert " ".join(word.word for word in transcript.word_segments) == text(transcript)
    starts = [word.start for word in transcript.word_segments if word.start is not None]
    assert len(starts) == len(transcript.word_segments)
    assert starts == sorted(starts)


@pytest.mark.parametrize(("sentence", "voice", "code"), [(SENTENCE, "en-gb+m2", "en"), ("necesito ocho", "es-419+m4", "es")])
def test_the_language_written_is_the_one_heard(engine_of: EngineOf, sentence: str, voice: str, code: str) -> None:
    language = transcribed(engine_of(), said(sentence, voice)).transcription.language
    assert language.code == code
    assert language.probability is not None
    assert language.probability > 0.5


def test_the_language_is_heard_where_speech_starts_not_in_the_silence_before(engine_of: EngineOf) -> None:
    late = np.concatenate([silence(40), said("necesito ocho", "es+f1")])
    assert transcribed(engine_of(), late).language == "es"


def test_a_language_that_was_given_has_no_probability(engine_of: EngineOf) -> None:
    language = transcribed(engine_of(language="es"), said("necesito ocho", "es+f1")).transcription.language
    assert (language.code, language.probability) == ("es", None)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.2, 3.0, 40.0])
def test_silence_of_any_length_has_no_segments(engine_of: EngineOf, seconds: float) -> None:
    transcript = transcribed(engine_of(), silence(seconds))
    assert transcript.segments == []
    assert transcript.language == "und"
    assert transcript.transcription.alignment.status == "no-speech"


def test_long_speech_is_cut_into_chunks_and_batches_make_no_difference(engine_of: EngineOf) -> None:
    long = np.concatenate([said(SENTENCE), said("the account is ready", around=1.0)] * 6)
    heard: list[float] = []
    in_batches = engine_of(batch_size=4).transcribe(Audio(long), SOURCE, heard.append)
    one_by_one = transcribed(engine_of(batch_size=1), long)
    assert text(in_batches) == text(one_by_one)
    assert len(long) / SAMPLE_RATE > 40
    assert heard[-1] > 30


def test_a_language_without_an_aligner_keeps_its_text(engine_of: EngineOf) -> None:
    transcript = transcribed(engine_of(language="sw"), said(SENTENCE))
    assert text(transcript)
    assert transcript.word_segments == []
    assert transcript.transcription.alignment.status == "no-model"
    assert "sw" in (transcript.transcription.alignment.message or "")


def test_a_translation_is_not_aligned_and_says_why(engine_of: EngineOf) -> None:
    report = transcribed(engine_of(task="translate"), said("necesito ocho", "es+f1")).transcription.alignment
    assert report.status == "disabled"
    assert report.message


def test_alignment_can_be_switched_off(engine_of: EngineOf) -> None:
    transcript = transcribed(engine_of(alignment={"enabled": False}), said(SENTENCE))
    assert transcript.transcription.alignment.status == "disabled"
    assert text(transcript)


def test_prompt_hotwords_and_beam_reach_the_recogniser(engine_of: EngineOf) -> None:
    settings = {"beam_size": 2, "initial_prompt": "seven four two", "hotwords": "order"}
    engine = engine_of(decoding=settings)
    options = engine._recogniser._options
    assert (options.beam_size, options.initial_prompt, options.hotwords) == (2, "seven four two", "order")
    assert transcribed(engine, said(SENTENCE)).transcription.duration_seconds > 1


def test_silero_works_offline_and_finds_the_same_speech(engine_of: EngineOf) -> None:
    speech = np.concatenate([silence(3), said(SENTENCE), silence(5), said("the account is ready"), silence(3)])
    pyannote_settings, silero_settings = Vad(chunk_size=5), Vad(method=VadMethod.SILERO, chunk_size=5)
    by_pyannote = find_speech(engine_of()._recogniser.vad, Audio(speech), pyannote_settings)
    by_silero = find_speech(silero(silero_settings), Audio(speech), silero_settings)
    assert _agreement(by_pyannote, by_silero, len(speech) / SAMPLE_RATE) > 0.9
    assert text(transcribed(engine_of(vad={"method": "silero"}), speech))


def _agreement(one: list[Chunk], other: list[Chunk], seconds: float) -> float:
    def frames(chunks: list[Chunk]) -> Any:
        found = np.zeros(int(seconds * 100), bool)
        for chunk in chunks:
            found[int(chunk.start * 100) : int(chunk.end * 100)] = True
        return found

    return float((frames(one) == frames(other)).mean())


@pytest.fixture(scope="module")
def aligner(engine_of: EngineOf) -> Aligner:
    engine_of()
    return Aligner(recipe().alignment, "cpu")


def test_text_that_cannot_fit_its_stretch_of_audio_keeps_estimated_times(aligner: Aligner) -> None:
    crowded = Recognised(1.0, 1.05, "far too many words for a twentieth of a second of sound", -1.0)
    easy = Recognised(0.0, 2.0, "the order", -1.0)
    segments, report = aligner.align([crowded, easy], Audio(said(SENTENCE)), "en")
    assert " ".join(part.text for part in segments) == f"{crowded.text} {easy.text}"
    assert all(word.estimated for word in segments[0].words)
    assert not any(word.estimated for word in segments[1].words)
    assert report.message


def test_numerals_get_estimated_times_and_sentences_become_segments(aligner: Aligner) -> None:
    spoken = Recognised(0.0, 3.0, " Call 911 now. Thank you. ", -1.0)
    segments, report = aligner.align([spoken], Audio(said(SENTENCE)), "en")
    assert " ".join(part.text for part in segments) == "Call 911 now. Thank you."
    words = {word.word: word for part in segments for word in part.words}
    assert words["911"].estimated
    assert words["Call"].estimated is None
    assert report.status == "aligned"


@pytest.mark.parametrize("odd", ["123 456", "…", "日本語", "💬 💬", "a"])
def test_text_that_the_aligner_has_no_letters_for_is_not_lost(aligner: Aligner, odd: str) -> None:
    segments, _ = aligner.align([Recognised(0.0, 2.0, odd, -1.0)], Audio(said(SENTENCE)), "en")
    assert " ".join(part.text for part in segments) == odd
    assert all(word.start is not None and word.end is not None for part in segments for word in part.words)


def test_a_missing_aligner_that_was_named_is_a_configuration_error(engine_of: EngineOf) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_of(alignment={"model": "no-such-aligner"})
    assert caught.value.reason == "ModelNotFound"
    assert "no-such-aligner" in caught.value.message


def test_a_missing_diarization_pipeline_is_a_configuration_error(engine_of: EngineOf) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_of(diarization={"enabled": True})
    assert caught.value.reason == "ModelNotFound"
