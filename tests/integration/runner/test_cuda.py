"""The engine with device "cuda" under the manners of CUDA: whole files, memory that runs out, and a device that dies, anywhere.

What a real GPU does beyond manners (speed, kernels, number formats) is not tested here.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from faster_whisper.transcribe import get_ctranslate2_storage

from tests.integration.runner.cuda_manners import CudaTensor, Gpu, Stream, WhisperOnDevice, cuda_manners
from tests.integration.runner.sound import audio_of, said, wav
from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import ComputeType, Vad
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine import batch_size
from transcription_runner.engine.cuda import SideStream, cublas, load_libraries
from transcription_runner.engine.detection.vad import SpeechFinder
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.recognition import recognise
from transcription_runner.engine.recognition.features import features_storage, log_mel
from transcription_runner.engine.voices.diarize import Pipeline
from transcription_runner.engine.voices.diarize_small import SmallSegmentation, SmallVoice
from transcription_runner.engine.words.align import Aligned, Aligner, Spoken
from transcription_runner.engine.words.emissions import Emitter, HuggingFace
from transcription_runner.engine.work import Result, Work
from transcription_runner.errors import DeviceError
from transcription_runner.surroundings import prepare_surroundings

SENTENCES = ("please confirm the order number seven four two", "the account is ready", "necesito ocho")


@pytest.fixture(scope="module", autouse=True)
def _surroundings(models: Path) -> Iterator[None]:
    import nltk.data

    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("TRANSCRIPTION_MODEL_PATH", str(models))
        surroundings.setenv("HF_HUB_OFFLINE", "1")
        surroundings.setattr(nltk.data, "path", [str(models / "nltk_data")])  # it read the environment when it was imported
        prepare_surroundings()
        yield


@pytest.fixture
def card() -> Iterator[Gpu]:
    with cuda_manners() as gpu:
        yield gpu


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Each file holds two chunks: what is said in it, and a thank you after a pause."""
    folder = tmp_path_factory.mktemp("calls")
    paths = [folder / f"{index}.wav" for index in range(len(SENTENCES))]
    for path, sentence in zip(paths, SENTENCES, strict=True):
        path.write_bytes(wav(np.concatenate([said(sentence), said("thank you"), said(sentence)])))
    return paths


def results(paths: list[Path], device: str, models: Path, scratch: Path, **asked: Any) -> Iterator[Result]:
    """What the engine makes of the files, in the order in which they end. The one place that makes an engine."""
    recipe = Recipe.model_validate(
        {"vad": {"chunk_size": 5}, "diarization": {"enabled": True, "model": str(models / "diarize-small")}, **asked}
    )
    compute_type = ComputeType.FLOAT16 if device == "cuda" else ComputeType.INT8
    model = ResolvedModel(name="asr-small", compute_type=compute_type, batch_size=4)
    works = [Work(path, recipe, SourceObject(bucket="calls", key=path.name, etag="e"), tag=path.name) for path in paths]
    with Engine(model, device, scratch=scratch, longest_seconds=3600.0, threads=2) as engine:
        yield from engine.transcribe(works)


def words(transcript: Transcript) -> list[tuple[str, str | None]]:
    return [(word.word, word.speaker) for word in transcript.word_segments]


def starts(transcript: Transcript) -> list[float]:
    return [word.start or 0.0 for word in transcript.word_segments]


@pytest.fixture(scope="module")
def on_cpu(models: Path, calls: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Transcript]:
    """The transcripts of the same files without a GPU."""
    return transcripts(results(calls, "cpu", models, tmp_path_factory.mktemp("scratch")))


def transcripts(found: Iterator[Result]) -> dict[str, Transcript]:
    """By file. A file that failed ends the test with its fault."""
    by_file = {}
    for result in found:
        assert result.transcript is not None, result.fault
        by_file[result.work.tag] = result.transcript
    return by_file


def same(found: dict[str, Transcript], expected: dict[str, Transcript]) -> None:
    """The same words by the same speakers; half precision may move a word by two frames."""
    assert found.keys() == expected.keys()
    for file, transcript in found.items():
        assert words(transcript) == words(expected[file])
        assert transcript.transcription.alignment.status == "aligned"
        assert starts(transcript) == pytest.approx(starts(expected[file]), abs=0.041)


def test_whole_files_pass_every_stage_with_the_words_times_and_speakers_of_a_cpu(
    card: Gpu, calls: list[Path], models: Path, tmp_path: Path, on_cpu: dict[str, Transcript]
) -> None:
    same(transcripts(results(calls, "cuda", models, tmp_path)), on_cpu)
    assert card.taken_on_device > 0
    assert len(card.streams_used - {card.default}) == 3, "VAD, alignment and diarization, each on a stream of its own"


def test_features_through_numpy_fail_every_file(
    card: Gpu, calls: list[Path], models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that recognise.py once had. The discipline is worth nothing if this passes."""
    monkeypatch.setattr(recognise, "features_storage", get_ctranslate2_storage)
    with pytest.raises(AssertionError, match="can't convert cuda:0 device type tensor to numpy"):
        transcripts(results(calls[:1], "cuda", models, tmp_path))


def test_second_looks_and_words_by_attention_stay_on_the_device_too(
    card: Gpu, calls: list[Path], models: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {
        "alignment": {"method": "attention"},
        "decoding": {"log_prob_threshold": -0.001, "temperatures": [0.0, 0.2]},
        "diarization": {"enabled": False},
    }
    found = transcripts(results(calls, "cuda", models, tmp_path, **asked))
    assert {transcript.transcription.alignment.method for transcript in found.values()} == {"attention"}
    assert all(transcript.word_segments for transcript in found.values())
    assert card.taken_on_device > len(calls)


# --- memory runs out


class OutOfMemoryError(RuntimeError):
    """torch's has this name, and needs a GPU's allocator to be made."""


def shortage() -> Exception:
    return OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 4.75 GiB")


def holds(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, most: int) -> list[int]:
    """Memory holds `most` items in this method, whose first argument is the batch. Answers the sizes that it is asked for."""
    sizes: list[int] = []
    inner = getattr(owner, method)

    def within(self: Any, batch: Any, *args: Any, **kwargs: Any) -> Any:
        of_sounds = isinstance(batch, list)
        sizes.append(sum(len(starts) for _, starts in batch) if of_sounds else int(batch.shape[0]))
        if sizes[-1] > most:
            raise shortage()
        return inner(self, batch, *args, **kwargs)

    monkeypatch.setattr(owner, method, within)
    return sizes


def dies(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, text: str, after: int = 0) -> None:
    """The device dies in a call of this method, after so many that went well."""
    inner = getattr(owner, method)
    calls: list[None] = []

    def fatal(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        if len(calls) > after:
            raise RuntimeError(text)
        return inner(*args, **kwargs)

    monkeypatch.setattr(owner, method, fatal)


def vad_network() -> Any:
    from transcription_runner.engine.detection.vad_network import SegmentationNetwork

    return SegmentationNetwork


STAGES: dict[str, tuple[Callable[[], Any], str]] = {
    "find speech": (vad_network, "forward"),
    "encode": (lambda: WhisperOnDevice, "encode"),
    "align": (lambda: HuggingFace, "logits"),
    "segment speakers": (lambda: SmallSegmentation, "forward"),
    "embed speakers": (lambda: SmallVoice, "forward"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(
    stage: str,
    card: Gpu,
    calls: list[Path],
    models: Path,
    tmp_path: Path,
    on_cpu: dict[str, Transcript],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, method = STAGES[stage]
    sizes = holds(monkeypatch, owner(), method, most=1)
    same(transcripts(results(calls, "cuda", models, tmp_path)), on_cpu)
    assert max(sizes) > 1, "the fault never happened"
    assert sizes[-1] == 1


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(
    ("stage", "text"),
    [
        ("find speech", "CUDA error: an illegal memory access was encountered"),
        ("mel", "cuFFT error: CUFFT_EXEC_FAILED"),
        ("encode", "cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"),
        ("generate", "CUDA failed with error unspecified launch failure"),
        ("align", "CUDA error: device-side assert triggered"),
        ("convolutions of align", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        ("segment speakers", "CUDA error: unspecified launch failure"),
        ("embed speakers", "parallel_for failed: cudaErrorIllegalAddress: an illegal memory access was encountered"),
    ],
)
def test_a_device_that_dies_ends_the_run_with_a_reason_and_no_file_is_done_or_failed(
    stage: str, text: str, after: int, card: Gpu, calls: list[Path], models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {
        "mel": (lambda: recognise, "log_mel"),
        "generate": (lambda: WhisperOnDevice, "generate"),
        "convolutions of align": (lambda: HuggingFace, "features"),
    }
    owner, method = {**STAGES, **others}[stage]
    dies(monkeypatch, owner(), method, text, after)
    seen: list[Result] = []
    paths = calls if after else calls[:1]
    with pytest.raises(DeviceError) as caught:
        seen.extend(results(paths, "cuda", models, tmp_path))
    assert caught.value.reason == "DeviceFailed"
    assert text in caught.value.message
    assert [result.fault for result in seen if result.fault] == []
    assert len(seen) < len(paths)


# --- the stages alone


def test_a_single_sound_for_which_there_is_no_memory_keeps_estimated_times(card: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (spoken(sentence) for sentence in ("thank you", "please confirm the order number seven four two"))
    aligner, inner = Aligner("cuda"), HuggingFace.features

    def too_long(self: Any, sound: Any) -> Any:
        if sound.shape[1] > 20_000 + len(short.samples):
            raise shortage()
        return inner(self, sound)

    monkeypatch.setattr(HuggingFace, "features", too_long)
    fine, failed = aligner.align([short, long])
    assert fine.status == "aligned"
    assert failed.status == "failed"
    assert all(word.estimated for segment in failed.segments for word in segment.words)
    monkeypatch.setattr(HuggingFace, "features", inner)
    assert [answer.status for answer in aligner.align([short, long])] == ["aligned", "aligned"]


def spoken(text: str) -> Spoken:
    samples = audio_of(said(text)).samples
    return Spoken(0.0, len(samples) / 16_000, text, -0.1, "en", samples)


def test_alignment_is_in_half_precision_on_a_gpu_only_and_its_words_stay_where_they_were(
    card: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[torch.dtype] = []
    inner = HuggingFace.logits

    def noted(self: Any, features: Any, frames: Any) -> Any:
        found = inner(self, features, frames)
        kinds.append(found.dtype)
        return found

    monkeypatch.setattr(HuggingFace, "logits", noted)
    chunk = spoken(SENTENCES[0])
    [half], [single] = (Aligner(device).align([chunk]) for device in ("cuda", "cpu"))
    assert kinds == [torch.float16, torch.float32]
    assert timed(half) == pytest.approx(timed(single), abs=0.021)


def timed(answer: Aligned) -> list[float]:
    return [word.start or 0.0 for segment in answer.segments for word in segment.words]


def test_what_half_precision_cannot_hold_is_computed_in_single(card: Gpu) -> None:
    class Loud:
        alphabet: Any = None

        def features(self, sound: Any) -> Any:
            return sound[0, ::320, None]

        def logits(self, features: Any, frames: Any) -> Any:
            return features @ torch.full((1, 3), 1e5, device=features.device)

    [(_, emission)] = Emitter(Loud(), "cuda").emissions([np.ones(16_000, np.float32)])
    assert not isinstance(emission, Exception)
    assert np.isfinite(emission).all()


def test_mel_features_wait_for_nothing_and_reach_ctranslate2_without_a_copy_to_the_cpu(card: Gpu) -> None:
    features = torch.stack([log_mel(said("thank you"), 80, "cuda", frames) for frames in (1000, 1000)])
    assert (card.waits, features.shape, features.device.type) == (0, (2, 80, 1000), "cuda")
    features_storage(features)
    features_storage(features[[1]])
    assert (card.waits, card.taken_on_device) == (0, 2)


def test_a_lowered_batch_of_a_stage_rises_again(card: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "PATIENCE", 2)
    finder, long = SpeechFinder("cuda"), (audio_of(np.tile(said("thank you"), 16)), Vad())
    with monkeypatch.context() as short:
        holds(short, vad_network(), "forward", most=8)
        expected = finder.find([long])
    assert card.emptied > 0
    sizes = holds(monkeypatch, vad_network(), "forward", most=1000)
    assert [finder.find([long]) for _ in range(3)] == [expected] * 3
    assert sizes[0] <= 8 < max(sizes)


def test_loading_a_diarizer_and_a_finder_leaves_nothing_of_them_on_the_cpu(card: Gpu, models: Path) -> None:
    diarizer = Pipeline(str(models / "diarize-small"), "cuda")
    finder: Any = SpeechFinder("cuda")
    networks = [diarizer._pipeline._segmentation.model, diarizer._pipeline._embedding.model_, finder._pyannote._network]
    assert all(isinstance(weight, CudaTensor) for network in networks for weight in network.parameters())


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_cublas_is_loaded_for_a_gpu_and_for_nothing_else(device: str) -> None:
    """In a process of its own, since a library stays loaded, and torch loads it too."""
    assert len(cublas()) == 2
    program = f"from {load_libraries.__module__} import *; load_libraries({device!r}); print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert ("libcublas.so.12" in maps) == (device == "cuda")


# --- the discipline itself


def on_device(*shape: int) -> torch.Tensor:
    return torch.ones(shape, device="cuda")


@pytest.mark.parametrize("reader", [np.asarray, np.ascontiguousarray, lambda tensor: tensor.numpy()])
def test_numpy_cannot_read_the_device(card: Gpu, reader: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="can't convert cuda:0"):
        reader(on_device(3))


def test_tensors_of_two_devices_do_not_mix_but_for_single_values(card: Gpu) -> None:
    with pytest.raises(RuntimeError, match="same device"):
        on_device(3) + torch.ones(3)
    assert (on_device(3) + torch.tensor(1.0)).cpu().tolist() == [2.0, 2.0, 2.0]


def test_a_tensor_with_gaps_is_no_storage(card: Gpu) -> None:
    import ctranslate2

    with pytest.raises(ValueError, match="contiguous"):
        ctranslate2.StorageView.from_array(on_device(4, 6).T)
    assert features_storage(on_device(4, 6).T).shape == [6, 4]


def test_what_ctranslate2_leaves_on_the_device_cannot_be_read_either(card: Gpu) -> None:
    with pytest.raises(RuntimeError, match="device cuda"):
        np.asarray(features_storage(on_device(4, 6)))


def test_a_value_of_another_stream_must_be_waited_for(card: Gpu) -> None:
    stream: Any = Stream()
    with torch.cuda.stream(stream):
        value = on_device(3) + 1
    with pytest.raises(AssertionError, match="another stream"):
        value + 1
    with pytest.raises(AssertionError, match="another stream"):
        __import__("ctranslate2").StorageView.from_array(value)
    stream.synchronize()
    assert (value + 1).sum().item() == 9
    side = SideStream("cuda")
    with side():
        other = on_device(3) + 1
    assert (other + 1).sum().item() == 9


def test_features_of_a_side_stream_are_ready_when_ctranslate2_gets_them(card: Gpu) -> None:
    side: Any = Stream()
    with torch.cuda.stream(side):
        features_storage(on_device(4, 6) + 1)
    assert card.taken_on_device == 1
