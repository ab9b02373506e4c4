"""The engine with the real libraries on the small models: languages, silence, batches of many files, text that is never lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from tests.integration.runner.sound import Samples, said, silence, wav
from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import ComputeType
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.recognition.asked import Asked
from transcription_runner.engine.recognition.recognise import Recogniser, Window
from transcription_runner.engine.work import Piece, Work
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import model_folders, use_model_folders

SENTENCE = "please confirm the order number seven four two"
LONGEST_SECONDS = 3600.0
ONE_LOOK = {"temperatures": [0.0]}
"""No samples are drawn, so the same sound has the same text whatever else is in work."""

Transcribed = Callable[..., Any]


@pytest.fixture(scope="module")
def offline(models: Path) -> Iterator[None]:
    """Models are looked for in the repository's folder, and nothing may be fetched from a hub."""
    import nltk.data

    before = model_folders()
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("HF_HUB_OFFLINE", "1")
        surroundings.setattr(nltk.data, "path", [str(models / "nltk_data")])  # it read the environment when it was imported
        use_model_folders([models])
        yield
    use_model_folders(before)


@pytest.fixture(scope="module")
def engine(offline: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with loaded(tmp_path_factory.mktemp("scratch")) as engine:
        yield engine


def loaded(scratch: Path, batch_size: int = 4) -> Engine:
    model = ResolvedModel(name="asr-small", compute_type=ComputeType.INT8, batch_size=batch_size)
    return Engine(model, "cpu", scratch=scratch, longest_seconds=LONGEST_SECONDS, threads=2)


def recipe(**settings: Any) -> Recipe:
    return Recipe.model_validate(settings)


class Watching:
    """Keeps what the engine tells on the way."""

    def __init__(self) -> None:
        self.heard_of: list[float] = []
        self.pieces: list[Piece] = []

    def opened(self, work: Work, seconds: float) -> None:
        return

    def heard(self, work: Work, seconds: float) -> None:
        self.heard_of.append(seconds)

    def piece(self, work: Work, piece: Piece) -> None:
        self.pieces.append(piece)


@pytest.fixture
def transcribed(engine: Engine, tmp_path: Path) -> Transcribed:
    """Transcripts of sounds, in the order of the sounds; one sound gives one transcript."""

    def run(*sounds: Samples, watch: Watching | None = None, by: Engine | None = None, **settings: Any) -> Any:
        works = []
        for index, samples in enumerate(sounds):
            path = tmp_path / f"{index}.wav"
            path.write_bytes(wav(samples))
            works.append(Work(path, recipe(**settings), SourceObject(bucket="calls", key=path.name, etag="e"), tag=index))
        results = {result.work.tag: result for result in (by or engine).transcribe(works, watch)}
        found = [results[index].transcript for index in range(len(sounds))]
        assert None not in found, [result.fault for result in results.values()]
        return found[0] if len(found) == 1 else found

    return run


def text(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def test_speech_becomes_words_with_times_in_order(transcribed: Transcribed) -> None:
    transcript = transcribed(said(SENTENCE))
    assert jiwer.wer(SENTENCE, text(transcript)) <= 0.15
    assert transcript.transcription.alignment.status == "aligned"
    assert " ".join(word.word for word in transcript.word_segments) == text(transcript)
    starts = [word.start for word in transcript.word_segments if word.start is not None]
    assert len(starts) == len(transcript.word_segments)
    assert starts == sorted(starts)


@pytest.mark.parametrize(("sentence", "voice", "code"), [(SENTENCE, "en-gb+m2", "en"), ("necesito ocho", "es-419+m4", "es")])
def test_the_language_written_is_the_one_heard(transcribed: Transcribed, sentence: str, voice: str, code: str) -> None:
    language = transcribed(said(sentence, voice)).transcription.language
    assert language.code == code
    assert language.probability is not None
    assert language.probability > 0.5


def test_the_language_is_heard_where_speech_starts_not_in_the_silence_before(transcribed: Transcribed) -> None:
    late = np.concatenate([silence(40), said("necesito ocho", "es+f1")])
    assert transcribed(late).language == "es"


def test_a_language_that_was_given_has_no_probability(transcribed: Transcribed) -> None:
    language = transcribed(said("necesito ocho", "es+f1"), language="es").transcription.language
    assert (language.code, language.probability) == ("es", None)


@pytest.mark.parametrize("seconds", [0.01, 0.2, 3.0, 40.0])
def test_silence_of_any_length_has_no_segments(transcribed: Transcribed, seconds: float) -> None:
    transcript = transcribed(silence(seconds))
    assert transcript.segments == []
    assert transcript.language == "und"
    assert transcript.transcription.alignment.status == "no-speech"


def test_long_speech_is_cut_into_chunks_and_batches_make_no_difference(transcribed: Transcribed, tmp_path: Path) -> None:
    long = np.concatenate([said(SENTENCE), said("the account is ready", around=1.0)] * 6)
    watch = Watching()
    in_batches = transcribed(long, watch=watch, decoding=ONE_LOOK)
    with loaded(tmp_path, batch_size=1) as one_by_one:
        assert text(in_batches) == text(transcribed(long, by=one_by_one, decoding=ONE_LOOK))
    assert len(long) / SAMPLE_RATE > 40
    assert watch.heard_of[-1] == pytest.approx(len(long) / SAMPLE_RATE, abs=0.01)
    pieces = sorted(watch.pieces, key=lambda piece: piece.start)
    assert [segment for piece in pieces for segment in piece.segments] == in_batches.segments


def test_files_that_share_batches_get_the_texts_they_get_alone(transcribed: Transcribed) -> None:
    sounds = [said(SENTENCE), silence(2), said("necesito ocho", "es+f1"), said("the account is ready"), said("gracias", "es+f1")]
    together = transcribed(*sounds, decoding=ONE_LOOK)
    alone = [transcribed(sound, decoding=ONE_LOOK) for sound in sounds]
    assert [text(transcript) for transcript in together] == [text(transcript) for transcript in alone]
    assert [transcript.language for transcript in together] == [transcript.language for transcript in alone]
    assert together[0].language == "en"
    assert together[2].language == "es"


def test_two_requests_with_different_recipes_at_once_get_what_each_gets_alone(engine: Engine, tmp_path: Path) -> None:
    call = np.concatenate([said(SENTENCE), said("the account is ready", around=1.0)] * 4)
    (tmp_path / "call.wav").write_bytes(wav(call))
    recipes = [
        recipe(language="en", decoding=ONE_LOOK),
        recipe(language="en", decoding={"beam_size": 1, **ONE_LOOK}, vad={"chunk_size": 5}),
        recipe(task="translate", decoding=ONE_LOOK),
    ]
    works = [Work(tmp_path / "call.wav", one, SourceObject(key="call.wav")) for one in recipes]
    together = [future.result(120) for future in [engine.submit(work) for work in works]]
    alone = [engine.submit(work).result(120) for work in works]
    assert together == alone
    assert len({transcript.model_dump_json() for transcript in alone}) == 3


def test_sound_may_be_a_path_bytes_or_samples(engine: Engine, tmp_path: Path) -> None:
    sound = said(SENTENCE)
    (tmp_path / "x.wav").write_bytes(wav(sound))
    asked = recipe(decoding=ONE_LOOK)
    texts = [text(engine.submit(Work(source, asked)).result(60)) for source in (tmp_path / "x.wav", wav(sound), sound)]
    assert texts[0] == texts[1] == texts[2] != ""


def test_two_channels_that_talk_at_once_are_kept_apart(engine: Engine) -> None:
    agent, customer = said(SENTENCE, around=0.0), said("the account is ready", "en-gb+f2", around=0.0)
    both = np.zeros((2, max(len(agent), len(customer))), np.float32)
    both[0, : len(agent)], both[1, : len(customer)] = agent, customer
    asked = recipe(language="en", audio={"channels": "split", "channel_names": ["agent", "customer"]})
    transcript = engine.submit(Work(both, asked)).result(60)
    by_speaker: dict[str, str] = {}
    for segment in transcript.segments:
        assert segment.speaker is not None
        by_speaker[segment.speaker] = f"{by_speaker.get(segment.speaker, '')} {segment.text}".strip()
    assert jiwer.wer(SENTENCE, by_speaker["agent"]) <= 0.3
    assert jiwer.wer("the account is ready", by_speaker["customer"]) <= 0.3
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)


def test_one_broken_file_among_many_is_a_fault_of_its_own(engine: Engine, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    good.write_bytes(wav(said(SENTENCE)))
    bad.write_bytes(b"no sound")
    works = [Work(path, tag=path.name) for path in (bad, good, tmp_path / "missing.wav")]
    results = {result.work.tag: result for result in engine.transcribe(works)}
    assert results["good.wav"].transcript is not None
    assert results["bad.wav"].fault is not None
    assert results["missing.wav"].fault is not None


def test_a_language_without_an_aligner_has_word_times_by_attention(transcribed: Transcribed) -> None:
    transcript = transcribed(said(SENTENCE), language="sw")
    report = transcript.transcription.alignment
    assert (report.status, report.method) == ("aligned", "attention")
    assert " ".join(word.word for word in transcript.word_segments) == text(transcript)
    assert all(word.start is not None for word in transcript.word_segments)


def test_with_ctc_alone_a_language_without_an_aligner_keeps_its_text_and_says_why(transcribed: Transcribed) -> None:
    transcript = transcribed(said(SENTENCE), language="sw", alignment={"method": "ctc"})
    assert text(transcript)
    assert transcript.word_segments == []
    assert transcript.transcription.alignment.status == "no-model"
    assert "sw" in (transcript.transcription.alignment.message or "")


def test_characters_have_times_where_asked_for(transcribed: Transcribed) -> None:
    [segment] = transcribed(said("the account is ready"), language="en", alignment={"characters": True}).segments
    assert "".join(character.char for character in segment.chars) == segment.text
    starts = [character.start for character in segment.chars if character.start is not None]
    assert starts == sorted(starts)
    assert len(starts) == len(segment.text.replace(" ", ""))


def test_a_translation_is_not_aligned_and_says_why(transcribed: Transcribed) -> None:
    report = transcribed(said("necesito ocho", "es+f1"), task="translate").transcription.alignment
    assert report.status == "disabled"
    assert report.message


def test_alignment_can_be_switched_off(transcribed: Transcribed) -> None:
    transcript = transcribed(said(SENTENCE), alignment={"enabled": False})
    assert transcript.transcription.alignment.status == "disabled"
    assert text(transcript)


@pytest.fixture(scope="module")
def recogniser(offline: None) -> Recogniser:
    return Recogniser(ResolvedModel(name="asr-small", compute_type=ComputeType.INT8), "cpu", 2)


def asked(recogniser: Recogniser, **settings: Any) -> Asked:
    return recogniser.asked(recipe(**settings), lambda _: False)


def test_the_prompt_and_hotwords_come_before_the_text_for_the_recogniser(recogniser: Recogniser) -> None:
    def prompt(**decoding: Any) -> str:
        tokens = asked(recogniser, decoding=decoding).prompt("en")
        return str(recogniser._whisper.hf_tokenizer.decode(tokens, skip_special_tokens=False))

    told = prompt(initial_prompt="seven four two", hotwords="order")
    assert told.endswith(prompt())
    assert told.startswith("<|startofprev|> order seven four two")


def test_a_prompt_that_is_too_long_for_the_model_is_refused_with_its_length(recogniser: Recogniser) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asked(recogniser, decoding={"initial_prompt": "xyz " * 240})
    assert caught.value.reason == "PromptTooLong"
    assert "223" in caught.value.message


def test_numerals_can_be_kept_out_of_the_text(recogniser: Recogniser) -> None:
    digits = [recogniser._whisper.hf_tokenizer.token_to_id(digit) for digit in "0123456789"]
    assert set(digits) <= set(asked(recogniser, decoding={"suppress_numerals": True}).suppressed)


def test_doubtful_text_is_told_apart_from_what_was_heard(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 10 * SAMPLE_RATE).astype(np.float32)
    plain = asked(recogniser)
    spoken, doubtful = recogniser.recognise([Window(said(SENTENCE), "en", plain), Window(noise, "en", plain)])
    assert spoken.suspicions == ()
    assert spoken.temperature == 0.0
    assert doubtful.suspicions


def test_silero_works_offline(transcribed: Transcribed) -> None:
    speech = np.concatenate([silence(3), said(SENTENCE), silence(5), said("the account is ready"), silence(3)])
    assert "account" in text(transcribed(speech, vad={"method": "silero", "chunk_size": 5}))


@pytest.mark.parametrize(
    "settings", [{"alignment": {"model": "no-such-model"}}, {"diarization": {"enabled": True, "model": "no-such-model"}}]
)
def test_a_missing_model_that_was_named_is_a_configuration_error(engine: Engine, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        engine.submit(Work(silence(1), recipe(**settings)))
    assert caught.value.reason == "ModelNotFound"
    assert "no-such-model" in caught.value.message
