"""The two networks of a pyannote diarization pipeline, run over windows that are cut from 16-bit sound one batch at a time.

pyannote itself wants the whole recording as 32-bit floats, and embeds each window once for every speaker that it might hold
(three times over). Here a window is cut when its turn comes, and embedded once for all of its speakers: pooling alone differs
between them. What comes out is what pyannote computes. Its clustering keeps the distance of every two windows, so the step
between windows grows with recordings beyond MOST_WINDOWS, up to half a window: that memory stays at about 0.5 GB for up to
20 hours in windows of 10 s, as pyannote's own models hear them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio.pipelines.speaker_verification import PyannoteAudioPretrainedSpeakerEmbedding
from pyannote.core import SlidingWindow, SlidingWindowFeature

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.batch_size import BatchSize, in_batches

MOST_WINDOWS = 7_200
"""Two hours at pyannote's usual step of one second."""
BATCH = {"cuda": 32, "cpu": 8}
"""Windows in a batch: enough to fill the device, and some hundred megabytes with ResNet34 embeddings."""


def run_in_windows(pipeline: Any) -> bool:
    """Have the pipeline take `file["waveform"]` as int16, shape (1, samples), which may lie in a memory map.

    False, and nothing changed, if its embedding network is not of pyannote's own kinds, which pool with weights.
    """
    if not isinstance(pipeline._embedding, PyannoteAudioPretrainedSpeakerEmbedding):
        return False
    networks = _Networks(pipeline._segmentation, pipeline._embedding)
    pipeline.get_segmentations = networks.segmentations
    pipeline.get_embeddings = networks.embeddings
    return True


class _Networks:
    def __init__(self, segmentation: Any, embedding: Any) -> None:
        self._segmentation = segmentation
        self._embedding = embedding
        most = BATCH[embedding.device.type]
        self._segmented, self._embedded = BatchSize(most), BatchSize(most)

    def segmentations(self, file: Mapping[str, Any], hook: object = None) -> SlidingWindowFeature:
        """Who speaks in each window: shape (windows, frames, speakers of a window)."""
        waveform: torch.Tensor = file["waveform"]
        length = round(self._segmentation.duration * SAMPLE_RATE)
        step = step_between_windows(waveform.shape[1], length, round(self._segmentation.step * SAMPLE_RATE))
        count = 1 + math.ceil(max(0, waveform.shape[1] - length) / step)

        def infer(windows: Sequence[int]) -> Any:
            return self._segmentation.infer(_cut(waveform, windows, length, step))

        scores = [found for _, found in in_batches(range(count), self._segmented, infer)]
        window = SlidingWindow(start=0.0, duration=length / SAMPLE_RATE, step=step / SAMPLE_RATE)
        return SlidingWindowFeature(np.concatenate(scores), window)

    def embeddings(
        self, file: Mapping[str, Any], segmentations: SlidingWindowFeature, exclude_overlap: bool = False, hook: object = None
    ) -> NDArray[np.float32]:
        """A vector for each speaker of each window: shape (windows, speakers of a window, dimension)."""
        window = segmentations.sliding_window
        length, step = round(window.duration * SAMPLE_RATE), round(window.step * SAMPLE_RATE)
        active = np.nan_to_num(segmentations.data).astype(np.float32)
        if exclude_overlap:
            active = self._alone(active, length)
        weights = torch.from_numpy(active).transpose(1, 2)
        network, device = self._embedding.model_, self._embedding.device

        def embed(windows: Sequence[int]) -> NDArray[np.float32]:
            sound = _cut(file["waveform"], windows, length, step).to(device)
            of_windows = weights[windows[0] : windows[-1] + 1].to(device)
            with torch.inference_mode():
                vectors: NDArray[np.float32] = network(sound, weights=of_windows).cpu().numpy()
            return vectors

        return np.concatenate([found for _, found in in_batches(range(len(active)), self._embedded, embed)])

    def _alone(self, active: NDArray[np.float32], length: int) -> NDArray[np.float32]:
        """Each speaker's frames without those of two speakers, unless too few remain for an embedding."""
        alone = active * (active.sum(axis=2, keepdims=True) < 2)
        fewest = math.ceil(active.shape[1] * self._embedding.min_num_samples / length)
        return np.where(alone.sum(axis=1, keepdims=True) > fewest, alone, active)


def _cut(waveform: torch.Tensor, windows: Sequence[int], length: int, step: int) -> torch.Tensor:
    """The windows of these numbers, `length` samples every `step`: shape (windows, 1, length). Zeros follow the sound's end."""
    batch = torch.zeros(len(windows), 1, length)
    for row, number in enumerate(windows):
        samples = waveform[0, number * step : number * step + length]
        batch[row, 0, : len(samples)] = samples
    return batch / 32768


def step_between_windows(samples: int, length: int, usual: int) -> int:
    """Samples from one window to the next: as usual, but more for sound that would take more than MOST_WINDOWS.

    At most half a window, so that windows always overlap enough to be joined.
    """
    return max(usual, min(length // 2, math.ceil(samples / MOST_WINDOWS)))
