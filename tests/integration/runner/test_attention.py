"""Word times from the cross-attention of real models: any window, any language, any tokens; the same alone and in company."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dev.cluster.places import CACHE
from tests.integration.runner.sound import Samples, audio_of, said
from transcription_runner.engine.recognition.features import log_mel
from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.attention import piece_of, rows, token_times
from transcription_runner.engine.words.word_groups import WordTime

WHISPER_BASE = CACHE / "models" / "whisper-base"
SAID = [
    ("please confirm the order number seven four two", "en", "en-us+f2"),
    ("necesito ocho", "es", "es-419+m4"),
    ("the account is ready", "en", "en-gb+m3"),
]


@dataclass(frozen=True)
class Whisper:
    """A loaded model, and its tokenizers."""

    loaded: Any

    @property
    def model(self) -> Any:
        return self.loaded.model

    def tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self.loaded.hf_tokenizer, True, task="transcribe", language=language)

    def encoded(self, sounds: Sequence[Samples], frames: int = 3000) -> Any:
        import ctranslate2

        features = [np.asarray(log_mel(sound, self.model.n_mels, "cpu"))[:, :frames] for sound in sounds]
        return self.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(features))))

    def heard(self, sound: Samples, language: str) -> list[int]:
        """The tokens of the text that is recognised."""
        tokenizer = self.tokenizer(language)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        answer = self.model.generate(self.encoded([sound]), [prompt], beam_size=5)[0]
        return [token for token in answer.sequences_ids[0] if token < tokenizer.eot]

    def times(self, sound: Samples, language: str, frames: int = 3000) -> list[WordTime]:
        tokens = self.heard(sound, language)
        return token_times(self.model, self.encoded([sound], frames), [0], [self.tokenizer(language)], [tokens], [sound])[0]


def loaded(folder: Path) -> Whisper:
    from faster_whisper import WhisperModel

    return Whisper(WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2))


@pytest.fixture(scope="module")
def small(models: Path) -> Whisper:
    return loaded(models / "asr-small")


@pytest.fixture(scope="module")
def base() -> Whisper:
    if not (WHISPER_BASE / "model.bin").exists():
        pytest.fail(f"Whisper base is not in {WHISPER_BASE}: `make up` fetches it")
    return loaded(WHISPER_BASE)


@pytest.fixture(scope="module")
def sounds() -> list[Samples]:
    return [audio_of(said(text, voice)).samples for text, _, voice in SAID]


def in_order(words: list[WordTime], sound: Samples) -> None:
    reached = 0.0
    for word in words:
        assert reached <= word.start < word.end <= len(sound) / 16_000 + 1e-6
        reached = word.end


def test_a_batch_of_two_languages_gives_what_each_window_gives_alone(small: Whisper, sounds: list[Samples]) -> None:
    languages = [language for _, language, _ in SAID]
    tokens = [small.heard(sound, language) for sound, language in zip(sounds, languages, strict=True)]
    tokenizers = [small.tokenizer(language) for language in languages]
    together = token_times(small.model, small.encoded(sounds), [0, 1, 2], tokenizers, tokens, sounds)
    for words, sound, language, of_text in zip(together, sounds, languages, tokens, strict=True):
        alone = small.times(sound, language)
        text = small.tokenizer(language).tokenizer.decode(of_text)
        assert [word.word for word in words] == [match.group() for match in words_in(text, language)] != []
        assert [word.word for word in words] == [word.word for word in alone]
        assert [word.start for word in words] == pytest.approx([word.start for word in alone], abs=0.041)
        in_order(words, sound)


def test_some_windows_of_a_batch_can_be_asked_for_in_any_order(small: Whisper, sounds: list[Samples]) -> None:
    tokens = [small.heard(sounds[place], "en") for place in (2, 0)]
    tokenizers = [small.tokenizer("en")] * 2
    found = token_times(small.model, small.encoded(sounds), [2, 0], tokenizers, tokens, [sounds[2], sounds[0]])
    for place, words in zip((2, 0), found, strict=True):
        alone = small.times(sounds[place], "en")
        assert [word.start for word in words] == pytest.approx([word.start for word in alone], abs=0.041)


def test_rows_are_those_asked_for(small: Whisper, sounds: list[Samples]) -> None:
    encoded = small.encoded(sounds)
    assert rows(encoded, [0, 1, 2]) is encoded
    np.testing.assert_array_equal(np.asarray(rows(encoded, [2, 0])), np.asarray(encoded)[[2, 0]])


def test_a_window_without_text_has_no_words(small: Whisper, sounds: list[Samples]) -> None:
    tokens = [small.heard(sounds[0], "en"), []]
    found = token_times(small.model, small.encoded(sounds[:2]), [0, 1], [small.tokenizer("en")] * 2, tokens, sounds[:2])
    assert found[0]
    assert found[1] == []


def test_more_tokens_than_the_decoder_has_places_for_all_become_words(small: Whisper, sounds: list[Samples]) -> None:
    tokens = (small.heard(sounds[0], "en") * 100)[:600]
    (words,) = token_times(small.model, small.encoded(sounds[:1]), [0], [small.tokenizer("en")], [tokens], sounds[:1])
    assert "".join(word.word for word in words) == "".join(small.tokenizer("en").tokenizer.decode(tokens).split())
    in_order(words, sounds[0])


def test_a_moment_of_sound_is_enough(small: Whisper, sounds: list[Samples]) -> None:
    tokens, moment = small.heard(sounds[2], "en"), sounds[2][:100]
    (words,) = token_times(small.model, small.encoded([moment], 1500), [0], [small.tokenizer("en")], [tokens], [moment])
    in_order(words, moment)


@pytest.mark.parametrize("model", ["small", "base"])
def test_the_bytes_of_tokens_are_the_text_that_the_tokenizer_writes(model: str, request: pytest.FixtureRequest) -> None:
    tokenizer = request.getfixturevalue(model).tokenizer("en")
    rng = np.random.default_rng(3)
    for _ in range(200):
        tokens = rng.integers(0, tokenizer.eot, 20).tolist()
        joined = b"".join(piece_of(tokenizer.tokenizer.id_to_token(token)) for token in tokens)
        assert joined.decode(errors="replace") == tokenizer.tokenizer.decode(tokens)


@pytest.mark.parametrize("frames", [1500, 3000])
def test_words_begin_where_they_were_put(base: Whisper, frames: int) -> None:
    """Three phrases at offsets of our choice, in windows of 15 and of 30 s."""
    offsets, pieces = [], [np.zeros(12_000, np.float32)]
    for phrase in ("Hello there.", "My name is Sarah.", "Thank you very much."):
        sound = audio_of(said(phrase, "en-us+f2")).samples
        loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
        offsets.append(sum(map(len, pieces)) / 16_000)
        pieces += [sound[loud[0] : loud[-1]], np.zeros(14_000, np.float32)]
    sound = np.concatenate(pieces)
    words = base.times(sound, "en", frames)
    in_order(words, sound)
    starts = [word.start for word in words]
    assert all(min(abs(start - offset) for start in starts) < 0.1 for offset in offsets)


@pytest.mark.parametrize(
    ("language", "voice", "text"),
    [
        ("es", "es-419+m4", "Buenos días, quiero hablar con usted sobre la factura."),
        ("zh", "cmn", "今天天气很好。我们去公园。"),
        ("ja", "ja", "こんにちは。わたしはにほんごをはなします。"),
    ],
)
def test_other_languages_and_scripts_get_times(base: Whisper, language: str, voice: str, text: str) -> None:
    """The true text, since espeak's Chinese and Japanese are hardly understood."""
    sound = audio_of(said(text, voice)).samples
    tokenizer = base.tokenizer(language)
    (words,) = token_times(base.model, base.encoded([sound], 1500), [0], [tokenizer], [tokenizer.encode(text)], [sound])
    assert [word.word for word in words] == [match.group() for match in words_in(text, language)]
    in_order(words, sound)
    first, last = words[0].start, words[-1].start
    assert first < 0.25 * len(sound) / 16_000 < 0.6 * len(sound) / 16_000 < last
