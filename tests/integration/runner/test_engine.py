"""The engine with the real libraries on the small models: languages, silence, batches of many files, text that is never lost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from tests.integration.runner.sound import Samples, said, silence, wav
from transcription_api.runner_config import Recipe
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.recognise import Recogniser, Window
from transcription_runner.engine.work import Work
from transcription_runner.errors import ConfigurationError

SENTENCE = "please confirm the order number seven four two"
LONGEST_SECONDS = 3600.0

EngineOf = Callable[..., Engine]
Transcribed = Callable[..., Any]


@pytest.fixture(scope="module")
def engine_of(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineOf]:
    """Engines by recipe, each loaded once; nothing may be fetched from a hub."""
    before = {name: os.environ.get(name) for name in ("TRANSCRIPTION_MODEL_PATH", "HF_HUB_OFFLINE", "NLTK_DATA")}
    os.environ["TRANSCRIPTION_MODEL_PATH"], os.environ["HF_HUB_OFFLINE"] = str(models), "1"
    loaded: dict[str, Engine] = {}

    def engine(**settings: Any) -> Engine:
        wanted = recipe(**settings)
        if (name := wanted.model_dump_json()) not in loaded:
            loaded[name] = Engine(wanted, "cpu", tmp_path_factory.mktemp("scratch"), LONGEST_SECONDS, threads=2)
        return loaded[name]

    yield engine
    for one in loaded.values():
        one.close()
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def recipe(batch_size: int = 4, **settings: Any) -> Recipe:
    return Recipe.model_validate({"model": {"name": "asr-small", "compute_type": "int8", "batch_size": batch_size}, **settings})


class Watching:
    """Keeps what the engine tells on the way."""

    def __init__(self) -> None:
        self.heard_of: list[float] = []

    def opened(self, work: Work, seconds: float) -> None:
        return

    def heard(self, work: Work, seconds: float) -> None:
        self.heard_of.append(seconds)


@pytest.fixture
def transcribed(tmp_path: Path) -> Callable[..., Any]:
    """Transcripts of sounds, in the order of the sounds; one sound gives one transcript."""

    def run(engine: Engine, *sounds: Samples, watch: Watching | None = None) -> Any:
        works = []
        for index, samples in enumerate(sounds):
            path = tmp_path / f"{index}.wav"
            path.write_bytes(wav(samples))
            works.append(Work(path, SourceObject(bucket="calls", key=path.name, etag="e"), tag=index))
        outcomes = {outcome.work.tag: outcome for outcome in engine.transcribe(iter(works), watch or Watching())}
        found = [outcomes[index].transcript for index in range(len(sounds))]
        assert None not in found, [outcome.fault for outcome in outcomes.values()]
        return found[0] if len(found) == 1 else found

    return run


def text(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def test_speech_becomes_words_with_times_in_order(engine_of: EngineOf, transcribed: Transcribed) -> None:
    transcript = transcribed(engine_of(), said(SENTENCE))
    assert jiwer.wer(SENTENCE, text(transcript)) <= 0.15
    assert transcript.transcription.alignment.status == "aligned"
    assert " ".join(word.word for word in transcript.word_segments) == text(transcript)
    starts = [word.start for word in transcript.word_segments if word.start is not None]
    assert len(starts) == len(transcript.word_segments)
    assert starts == sorted(starts)


@pytest.mark.parametrize(("sentence", "voice", "code"), [(SENTENCE, "en-gb+m2", "en"), ("necesito ocho", "es-419+m4", "es")])
def test_the_language_written_is_the_one_heard(
    engine_of: EngineOf, transcribed: Transcribed, sentence: str, voice: str, code: str
) -> None:
    language = transcribed(engine_of(), said(sentence, voice)).transcription.language
    assert language.code == code
    assert language.probability is not None
    assert language.probability > 0.5


def test_the_language_is_heard_where_speech_starts_not_in_the_silence_before(
    engine_of: EngineOf, transcribed: Transcribed
) -> None:
    late = np.concatenate([silence(40), said("necesito ocho", "es+f1")])
    assert transcribed(engine_of(), late).language == "es"


def test_a_language_that_was_given_has_no_probability(engine_of: EngineOf, transcribed: Transcribed) -> None:
    language = transcribed(engine_of(language="es"), said("necesito ocho", "es+f1")).transcription.language
    assert (language.code, language.probability) == ("es", None)


@pytest.mark.parametrize("seconds", [0.01, 0.2, 3.0, 40.0])
def test_silence_of_any_length_has_no_segments(engine_of: EngineOf, transcribed: Transcribed, seconds: float) -> None:
    transcript = transcribed(engine_of(), silence(seconds))
    assert transcript.segments == []
    assert transcript.language == "und"
    assert transcript.transcription.alignment.status == "no-speech"


def test_long_speech_is_cut_into_chunks_and_batches_make_no_difference(engine_of: EngineOf, transcribed: Transcribed) -> None:
    long = np.concatenate([said(SENTENCE), said("the account is ready", around=1.0)] * 6)
    watch = Watching()
    in_batches = transcribed(engine_of(batch_size=4), long, watch=watch)
    assert text(in_batches) == text(transcribed(engine_of(batch_size=1), long))
    assert len(long) / SAMPLE_RATE > 40
    assert watch.heard_of[-1] == pytest.approx(len(long) / SAMPLE_RATE, abs=0.01)


def test_files_that_share_batches_get_the_texts_they_get_alone(engine_of: EngineOf, transcribed: Transcribed) -> None:
    sounds = [said(SENTENCE), silence(2), said("necesito ocho", "es+f1"), said("the account is ready"), said("gracias", "es+f1")]
    together = transcribed(engine_of(), *sounds)
    alone = [transcribed(engine_of(), sound) for sound in sounds]
    assert [text(transcript) for transcript in together] == [text(transcript) for transcript in alone]
    assert [transcript.language for transcript in together] == [transcript.language for transcript in alone]
    assert together[0].language == "en"
    assert together[2].language == "es"


def test_one_broken_file_among_many_is_a_fault_of_its_own(engine_of: EngineOf, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    good.write_bytes(wav(said(SENTENCE)))
    bad.write_bytes(b"no sound")
    works = (Work(path, SourceObject(key=path.name), tag=path.name) for path in (bad, good, tmp_path / "missing.wav"))
    outcomes = {outcome.work.tag: outcome for outcome in engine_of().transcribe(works, Watching())}
    assert outcomes["good.wav"].transcript is not None
    assert outcomes["bad.wav"].fault is not None
    assert outcomes["missing.wav"].fault is not None


def test_a_language_without_an_aligner_keeps_its_text(engine_of: EngineOf, transcribed: Transcribed) -> None:
    transcript = transcribed(engine_of(language="sw"), said(SENTENCE))
    assert text(transcript)
    assert transcript.word_segments == []
    assert transcript.transcription.alignment.status == "no-model"
    assert "sw" in (transcript.transcription.alignment.message or "")


def test_a_translation_is_not_aligned_and_says_why(engine_of: EngineOf, transcribed: Transcribed) -> None:
    report = transcribed(engine_of(task="translate"), said("necesito ocho", "es+f1")).transcription.alignment
    assert report.status == "disabled"
    assert report.message


def test_alignment_can_be_switched_off(engine_of: EngineOf, transcribed: Transcribed) -> None:
    transcript = transcribed(engine_of(alignment={"enabled": False}), said(SENTENCE))
    assert transcript.transcription.alignment.status == "disabled"
    assert text(transcript)


def test_the_prompt_and_hotwords_come_before_the_text_for_the_recogniser(models: Path) -> None:
    told = recognise(decoding={"initial_prompt": "seven four two", "hotwords": "order"})
    plain = recognise()
    assert told.endswith(plain)
    assert told.startswith("<|startofprev|> order seven four two")


def recognise(**settings: Any) -> str:
    recogniser = Recogniser(recipe(**settings), "cpu", 2)
    return str(recogniser._whisper.hf_tokenizer.decode(recogniser._prompt("en"), skip_special_tokens=False))


def test_numerals_can_be_kept_out_of_the_text(engine_of: EngineOf) -> None:
    recogniser = Recogniser(recipe(decoding={"suppress_numerals": True}), "cpu", 2)
    digits = [recogniser._whisper.hf_tokenizer.token_to_id(digit) for digit in "0123456789"]
    assert set(digits) <= set(recogniser._suppressed)


def test_doubtful_text_is_told_apart_from_what_was_heard(engine_of: EngineOf) -> None:
    recogniser = Recogniser(recipe(), "cpu", 2)
    noise = np.random.default_rng(1).normal(0, 0.1, 10 * SAMPLE_RATE).astype(np.float32)
    spoken, doubtful = recogniser.recognise([Window(said(SENTENCE), "en"), Window(noise, "en")])
    assert spoken.suspicions == ()
    assert spoken.temperature == 0.0
    assert doubtful.suspicions


def test_silero_works_offline(engine_of: EngineOf, transcribed: Transcribed) -> None:
    speech = np.concatenate([silence(3), said(SENTENCE), silence(5), said("the account is ready"), silence(3)])
    assert "account" in text(transcribed(engine_of(vad={"method": "silero", "chunk_size": 5}), speech))


def test_a_missing_aligner_that_was_named_is_a_configuration_error(engine_of: EngineOf) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_of(alignment={"model": "no-such-aligner"})
    assert caught.value.reason == "ModelNotFound"
    assert "no-such-aligner" in caught.value.message


def test_a_missing_diarization_pipeline_is_a_configuration_error(engine_of: EngineOf) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine_of(diarization={"enabled": True})
    assert caught.value.reason == "ModelNotFound"
