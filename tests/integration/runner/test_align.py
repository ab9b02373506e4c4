"""Alignment in batches beside whisperx's own: the same words at the same times, and no text that is ever lost."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.runner.sound import Samples, audio_of, said
from transcription_runner.engine.words.align import Aligned, Aligner, Spoken
from transcription_runner.engine.words.emissions import Emitter, HuggingFace, Torchaudio
from transcription_runner.surroundings import prepare_surroundings

FRAME = 0.02
TEXTS = [
    ("please confirm the order number seven four two", "en", "en-us+f2"),
    ("the account is ready", "en", "en-gb+m3"),
    ("necesito ocho", "es", "es-419+m4"),
    ("thank you", "en", "en-us+m1"),
    ("gracias por esperar", "es", "es+f1"),
]


@pytest.fixture(scope="module", autouse=True)
def _surroundings(models: Path) -> Iterator[None]:
    names = ("TRANSCRIPTION_MODEL_PATH", "HF_HUB_OFFLINE", "NLTK_DATA")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["TRANSCRIPTION_MODEL_PATH"], os.environ["HF_HUB_OFFLINE"] = str(models), "1"
    prepare_surroundings()
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner("cpu")


def spoken(text: str, language: str = "en", sound: Samples | None = None, start: float = 0.0) -> Spoken:
    samples = audio_of(said(text, "en-us+f2") if sound is None else sound).samples
    return Spoken(start, start + len(samples) / 16_000, text, -0.1, language, samples)


def times(answer: Aligned) -> list[tuple[str, float, float]]:
    words = [word for segment in answer.segments for word in segment.words]
    return [(word.word, word.start or 0.0, word.end or 0.0) for word in words]


def stock(chunk: Spoken, models: Path) -> list[tuple[str, float, float]]:
    import whisperx

    network, metadata = whisperx.load_align_model(chunk.language, "cpu", model_name=str(models / "align-small"))
    segment = {"start": 0.0, "end": chunk.end - chunk.start, "text": chunk.text}
    words = whisperx.align([segment], network, metadata, chunk.samples, "cpu")["word_segments"]
    return [(word["word"], word["start"] + chunk.start, word["end"] + chunk.start) for word in words]


def same(one: list[tuple[str, float, float]], other: list[tuple[str, float, float]]) -> None:
    assert [word for word, _, _ in one] == [word for word, _, _ in other]
    apart = [abs(a - b) for (_, *left), (_, *right) in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)]
    assert max(apart) <= FRAME + 1e-3


def test_a_mixed_batch_has_the_words_and_times_of_whisperx(aligner: Aligner, models: Path) -> None:
    chunks = [
        spoken(text, language, said(text, voice), start=10.0 * index) for index, (text, language, voice) in enumerate(TEXTS)
    ]
    answers = aligner.align(chunks)
    for chunk, answer in zip(chunks, answers, strict=True):
        assert answer.status == "aligned"
        same(times(answer), stock(chunk, models))


def test_company_and_order_make_no_difference(aligner: Aligner) -> None:
    chunks = [spoken(text, language, said(text, voice)) for text, language, voice in TEXTS]
    together = aligner.align(chunks[::-1])[::-1]
    for chunk, answer in zip(chunks, together, strict=True):
        same(times(answer), times(aligner.align([chunk])[0]))


def test_text_that_cannot_fit_its_sound_keeps_estimated_times(aligner: Aligner) -> None:
    crowded = spoken("far too many words for a twentieth of a second of sound", sound=said("the order")[:800], start=1.0)
    easy = spoken("the order")
    failed, fine = aligner.align([crowded, easy])
    assert failed.status == "failed"
    assert failed.message
    assert [word.estimated for word in failed.segments[0].words] == [True] * 12
    assert failed.segments[0].text == crowded.text
    assert not any(word.estimated for word in fine.segments[0].words)


def test_numerals_get_estimated_times_and_sentences_become_segments(aligner: Aligner) -> None:
    [answer] = aligner.align([spoken(" Call 911 now. Thank you. ", sound=said("call nine one one now thank you"))])
    assert [segment.text for segment in answer.segments] == ["Call 911 now.", "Thank you."]
    words = {word.word: word for segment in answer.segments for word in segment.words}
    assert words["911"].estimated
    assert words["Call"].estimated is None
    assert answer.segments[0].end <= answer.segments[1].start + FRAME


@pytest.mark.parametrize("odd", ["", "   ", "123 456", "…", "日本語", "💬 💬", "a", "¿¡", "x" * 300, "a\u0301 b\u200b"])
def test_no_text_is_lost(aligner: Aligner, odd: str) -> None:
    [answer] = aligner.align([spoken(odd, sound=said("the account is ready"))])
    assert "".join(" ".join(segment.text for segment in answer.segments).split()) == "".join(odd.split())
    words = [word for segment in answer.segments for word in segment.words]
    assert "".join(word.word for word in words) == "".join(odd.split())
    assert all(word.start is not None and word.end is not None and word.start <= word.end for word in words)


def test_a_language_without_an_aligner_keeps_its_text_and_says_so(aligner: Aligner) -> None:
    other, english = aligner.align([spoken("habari gani", "sw", said("thank you")), spoken("thank you")])
    assert other.status == "no-model"
    assert "sw" in (other.message or "")
    assert [segment.text for segment in other.segments] == ["habari gani"]
    assert english.status == "aligned"


def group_norm() -> Any:
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    shape = {"conv_dim": (16, 16), "conv_kernel": (10, 8), "conv_stride": (5, 4), "num_conv_pos_embeddings": 16}
    return Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=12, feat_extract_norm="group", **sizes, **shape)).eval()


def of_torchaudio() -> Any:
    from torchaudio.models import wav2vec2_model  # type: ignore[import-untyped]

    return wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(16, 10, 5), (16, 8, 4)],
        extractor_conv_bias=False,
        encoder_embed_dim=32,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=2,
        encoder_num_layers=2,
        encoder_num_heads=2,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=64,
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=False,
        encoder_layer_drop=0.0,
        aux_num_out=12,
    ).eval()


@pytest.mark.parametrize("kind", [HuggingFace, Torchaudio])
def test_padding_changes_nothing_even_where_a_model_normalises_over_the_whole_sound(kind: type) -> None:
    import torch

    torch.manual_seed(1)
    network = group_norm() if kind is HuggingFace else of_torchaudio()
    rng = np.random.default_rng(2)
    sounds = [rng.normal(0, 0.1, length).astype(np.float32) for length in (16_000, 17_000, 19_000, 300)]
    emitter = Emitter(kind(network, {"<pad>": 0, "|": 1, "a": 2}), "cpu")
    together = dict(emitter.emissions(sounds))
    for place, sound in enumerate(sounds):
        samples = torch.from_numpy(np.pad(sound, (0, max(0, 400 - len(sound)))))[None]
        with torch.inference_mode():
            alone = network(samples).logits if kind is HuggingFace else network(samples)[0]
        expected = torch.log_softmax(alone, dim=-1)[0].numpy()
        found = together[place]
        assert not isinstance(found, Exception)
        np.testing.assert_allclose(found, expected, atol=2e-4)
