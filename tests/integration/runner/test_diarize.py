"""The real pyannote pipeline with the small networks of models/diarize-small, on conversations of voices never trained on."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.training.conversations import Conversation, cast, converse, speakers
from models.training.diarizer_score import score
from models.training.voices import variants
from transcription_api.speech import Diarization
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.voices.diarize import Diarizer, Pipeline
from transcription_runner.errors import ConfigurationError

MODEL = Path(__file__).resolve().parents[3] / "models" / "diarize-small"


@pytest.fixture(scope="module")
def diarizer() -> Pipeline:
    return Pipeline(str(MODEL), "cpu")


@pytest.fixture(scope="module")
def conversation() -> Conversation:
    """Two held-out voices, 30 s."""
    rng = random.Random(4)
    everybody = speakers("held-out")
    return converse(rng, everybody, cast(rng, everybody, 2), 30)


def pcm(conversation: Conversation) -> np.ndarray:
    return (conversation.sound * 32768).astype(np.int16)


def test_held_out_voices_are_heard_neither_in_training_nor_in_tuning() -> None:
    assert not set(variants("held-out")) & (set(variants("training")) | set(variants("tuning")))
    assert not set(variants("tuning")) & set(variants("training"))


def test_two_voices_are_told_apart(diarizer: Pipeline, conversation: Conversation) -> None:
    """Far above the bar of the benchmark, far below what one speaker for everything would cost."""
    heard = score(diarizer, conversation)
    assert heard.heard == 2
    assert (heard.missed + heard.invented + heard.confused) / heard.spoken < 0.25


def test_one_voice_is_one_speaker(diarizer: Pipeline) -> None:
    rng = random.Random(8)
    everybody = speakers("held-out")
    assert score(diarizer, converse(rng, everybody, [3], 30)).heard == 1


def test_turns_are_in_order_and_never_overlap_though_the_speakers_do(diarizer: Pipeline, conversation: Conversation) -> None:
    turns = diarizer.heard(Audio(pcm(conversation)), Diarization()).turns
    edges = [edge for turn in turns for edge in (turn.start, turn.end)]
    assert len(turns) > 3
    assert edges == sorted(edges)
    assert edges[-1] <= len(conversation.sound) / SAMPLE_RATE


def test_no_more_speakers_than_allowed(diarizer: Pipeline, conversation: Conversation) -> None:
    heard = diarizer.heard(Audio(pcm(conversation)), Diarization(max_speakers=1))
    assert len({turn.speaker for turn in heard.turns}) == 1


def test_each_speaker_has_a_vector_where_asked_for(diarizer: Pipeline, conversation: Conversation) -> None:
    heard = diarizer.heard(Audio(pcm(conversation)), Diarization(embeddings=True))
    assert set(heard.embeddings) >= {turn.speaker for turn in heard.turns}
    assert len({len(vector) for vector in heard.embeddings.values()}) == 1
    assert diarizer.heard(Audio(pcm(conversation)), Diarization()).embeddings == {}


def test_nobody_speaks_in_silence(diarizer: Pipeline) -> None:
    assert diarizer.heard(Audio(np.zeros(10 * SAMPLE_RATE, np.int16)), Diarization()).turns == []


def test_a_sound_without_samples_has_no_turns() -> None:
    assert Diarizer("cpu").heard(Audio(np.zeros(0, np.int16)), Diarization(model=str(MODEL))).turns == []


def test_windows_cut_from_sixteen_bit_sound_give_what_pyannote_itself_computes(
    diarizer: Pipeline, conversation: Conversation
) -> None:
    """`run_in_windows` replaces two methods of pyannote's pipeline; the stock ones must say the same."""
    import torch
    from pyannote.audio import Pipeline as Stock

    stock: Any = Stock.from_pretrained(MODEL)
    sound = torch.from_numpy(pcm(conversation).astype(np.float32) / 32768)[None]
    heard = stock({"waveform": sound, "sample_rate": SAMPLE_RATE, "uri": "sound"}).exclusive_speaker_diarization
    theirs = [(round(segment.start, 2), round(segment.end, 2)) for segment, _ in heard.itertracks()]
    ours = [(round(turn.start, 2), round(turn.end, 2)) for turn in diarizer.heard(Audio(pcm(conversation)), Diarization()).turns]
    assert len(ours) == len(theirs)
    assert np.abs(np.array(ours) - np.array(theirs)).max() < 0.1


@pytest.mark.parametrize(("hours", "seconds"), [(0.5, 1.0), (2, 1.0), (4, 2.0), (10, 5.0), (20, 5.0)])
def test_windows_of_long_recordings_lie_further_apart_so_that_their_number_is_bounded(hours: float, seconds: float) -> None:
    from transcription_runner.engine.voices.diarize_windows import step_between_windows

    samples, window, usual = int(hours * 3600 * SAMPLE_RATE), 10 * SAMPLE_RATE, SAMPLE_RATE
    assert step_between_windows(samples, window, usual) == seconds * SAMPLE_RATE


def test_a_folder_without_a_pipeline_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        Diarizer("cpu").prepare(Diarization(model=str(tmp_path)))
