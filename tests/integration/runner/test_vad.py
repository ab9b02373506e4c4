"""Voice activity detection beside whisperx's own: the same rules, the same speech, and sounds that do not disturb each other."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.runner.sound import Samples, audio_of, said, silence
from transcription_api.speech import Vad, VadMethod
from transcription_runner.engine.detection import vad_network
from transcription_runner.engine.detection.vad import SpeechFinder
from transcription_runner.engine.detection.vad_regions import regions

Regions = Callable[[Any, float], list[tuple[float, float]]]


@pytest.fixture(scope="module")
def finder() -> SpeechFinder:
    return SpeechFinder("cpu")


@pytest.fixture(scope="module")
def call() -> Samples:
    rng = random.Random(3)
    sentences = ("please confirm the order number seven four two", "the account is ready", "thank you", "the window is open")
    parts = [said(sentence, around=rng.uniform(0.1, 1.2)) for sentence in sentences * 4]
    return np.concatenate(parts)


def stock(samples: Samples) -> list[tuple[float, float]]:
    import torch
    from whisperx.vads.pyannote import Binarize, Pyannote

    detector = Pyannote(torch.device("cpu"), vad_onset=0.5, vad_offset=0.363)
    scores = detector({"waveform": torch.from_numpy(audio_of(samples).samples)[None], "sample_rate": 16_000})
    return [(region.start, region.end) for region in Binarize(onset=0.5, offset=0.363, max_duration=30)(scores).get_timeline()]


def frames(parts: list[tuple[float, float]], seconds: float) -> Any:
    speech = np.zeros(int(seconds * 100), bool)
    for start, end in parts:
        speech[round(start * 100) : round(end * 100)] = True
    return speech


def test_the_network_answers_what_pyannote_s_own_answers(call: Samples) -> None:
    import torch
    from pyannote.audio import Model

    weights = vad_network.whisperx_weights()
    theirs: Any = Model.from_pretrained(weights)
    ours, starts = vad_network.segmentation_network(weights), range(0, 160_000, 20_000)
    stretch = np.concatenate([call[:100_000], silence(5), call[100_000:]])
    windows = torch.from_numpy(np.stack([stretch[start : start + 80_000] for start in starts]))[:, None]
    with torch.inference_mode():
        expected, found = theirs.eval()(windows), ours([(torch.from_numpy(stretch), starts)], 80_000)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)  # float32 itself is off by ten times as much
    field = theirs.receptive_field
    assert (field.step, field.duration) == (vad_network.FRAME_SAMPLES / 16_000, vad_network.FIELD_SAMPLES / 16_000)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"state_dict": {"linear.weight": torch.zeros(1)}}, tmp_path / "other.bin")
    with pytest.raises(RuntimeError, match="is not a checkpoint of"):
        vad_network.segmentation_network(tmp_path / "other.bin")


def test_the_detector_loads_without_lightning() -> None:
    script = "import sys, transcription_runner.engine.detection.vad as vad; vad.SpeechFinder('cpu'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"lightning", "torchmetrics", "pyannote.audio", "transformers"} & {*loaded}


def test_speech_is_found_where_whisperx_finds_it(finder: SpeechFinder, call: Samples) -> None:
    seconds = len(call) / 16_000
    ours = [(part.start, part.end) for part in finder._pyannote([(audio_of(call), Vad())])[0]]
    assert (frames(ours, seconds) == frames(stock(call), seconds)).mean() > 0.99


def test_a_sound_of_one_window_gets_whisperx_s_very_answer(finder: SpeechFinder) -> None:
    short = said("the account is ready")
    [[ours]] = finder._pyannote([(audio_of(short), Vad())])
    assert (ours.start, ours.end) == pytest.approx(stock(short)[0], abs=1e-3)


@pytest.mark.parametrize("seed", range(30))
def test_the_rules_for_regions_are_whisperx_s(seed: int) -> None:
    from pyannote.core import SlidingWindow, SlidingWindowFeature
    from whisperx.vads.pyannote import Binarize

    rng = np.random.default_rng(seed)
    walk = np.clip(0.5 + np.cumsum(rng.normal(0, 0.08, 1500)), 0, 1).astype(np.float32)
    window = SlidingWindow(start=0.0, duration=0.06, step=0.02)
    expected = Binarize(onset=0.6, offset=0.35, max_duration=8)(SlidingWindowFeature(walk[:, None], window)).get_timeline()
    found = regions(walk, np.array([window[i].middle for i in range(len(walk))]), 0.6, 0.35, 8.0)
    assert [round(time, 6) for part in found for time in (part.start, part.end)] == [
        round(time, 6) for part in expected for time in (part.start, part.end)
    ]


def test_sounds_found_together_are_found_as_alone(finder: SpeechFinder, call: Samples) -> None:
    sounds = [(audio_of(samples), Vad()) for samples in (said("thank you"), silence(7), call, said("the account is ready"))]
    together = finder.find(sounds)
    assert together == [finder.find([sound])[0] for sound in sounds]
    assert together[1] == []
    assert len(together[2]) > 1


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 12.0])
def test_silence_of_any_length_has_no_chunks(finder: SpeechFinder, seconds: float) -> None:
    assert finder.find([(audio_of(silence(seconds)), Vad())]) == [[]]


def test_sounds_found_together_may_have_settings_of_their_own(finder: SpeechFinder, call: Samples) -> None:
    asked = [(audio_of(call), Vad(chunk_size=5)), (audio_of(call), Vad()), (audio_of(call), Vad(method=VadMethod.SILERO))]
    assert finder.find(asked) == [finder.find([one])[0] for one in asked]


def test_a_chunk_knows_where_in_it_somebody_speaks(finder: SpeechFinder) -> None:
    sound = np.concatenate([said("the account is ready"), silence(4), said("thank you")])
    [[chunk]] = finder.find([(audio_of(sound), Vad())])
    assert len(chunk.voiced) == 2
    assert (chunk.voiced[0][0], chunk.voiced[-1][1]) == pytest.approx((chunk.start, chunk.end), abs=0.01)


def test_chunks_keep_the_limit_and_the_sound_s_end(finder: SpeechFinder, call: Samples) -> None:
    [chunks] = finder.find([(audio_of(call), Vad(chunk_size=5))])
    assert all(0 <= chunk.start < chunk.end <= len(call) / 16_000 and chunk.end - chunk.start <= 5.001 for chunk in chunks)


def test_silero_finds_the_same_speech(finder: SpeechFinder) -> None:
    speech = np.concatenate([silence(3), said("please confirm the order"), silence(5), said("the account is ready"), silence(3)])

    def speaks(method: VadMethod) -> Any:
        [chunks] = finder.find([(audio_of(speech), Vad(method=method, chunk_size=5))])
        return frames([(chunk.start, chunk.end) for chunk in chunks], len(speech) / 16_000)

    assert (speaks(VadMethod.PYANNOTE) == speaks(VadMethod.SILERO)).mean() > 0.9
