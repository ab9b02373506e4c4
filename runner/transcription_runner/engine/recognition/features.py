"""Log-mel features, as Whisper was trained on them. Silence after a short chunk is filled in rather than computed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.cuda import settle

HOP_SAMPLES = SAMPLE_RATE // 100
WINDOW_FRAMES = 3000
"""Frames of 10 ms in Whisper's full window, 30 s."""
_TAIL_SAMPLES = 800
"""Zeros transformed after the chunk: more than one analysis window (400), so that every later frame is silence, too."""


def log_mel(samples: NDArray[Any], mels: int, device: str, frames: int = WINDOW_FRAMES) -> Any:
    """A float32 tensor of shape (mels, frames) on the device, equal to whisperx's over the chunk padded with zeros.

    `samples`: float32, shape (n,); what is beyond the window is left out. `frames`: the window's length in frames of 10 ms, a
    multiple of 2 (the encoder halves it), at most 3000. whisperx clips at 8 below the loudest value and scales by (x + 4) / 4,
    so that a frame of zeros, 1e-10 before the logarithm, becomes the greater of -1.5 and the loudest minus 2. Nothing here waits
    for the device.
    """
    import torch
    from whisperx.audio import log_mel_spectrogram

    if frames % 2 or not 0 < frames <= WINDOW_FRAMES:
        raise ValueError(f"a window has an even number of frames, at most {WINDOW_FRAMES}, not {frames}")
    longest = frames * HOP_SAMPLES
    samples = samples[:longest]
    padding = min(_TAIL_SAMPLES, longest - len(samples))
    spoken = log_mel_spectrogram(samples, n_mels=mels, padding=padding, device=device)
    silent = (spoken.max() - 2.0).clamp(min=-1.5)
    window = torch.empty((mels, frames), device=spoken.device)
    window[:, : spoken.shape[1]] = spoken
    window[:, spoken.shape[1] :] = silent
    return window


def features_storage(features: Any) -> Any:
    """A ctranslate2.StorageView over a float32 tensor of shape (windows, mels, frames), on the tensor's own device.

    No value is copied: CTranslate2 reads the memory of the GPU as it is. faster-whisper's own way goes through numpy, which no
    CUDA tensor can take.
    """
    import ctranslate2

    features = features.contiguous()
    settle(features)  # CTranslate2 computes on a stream of its own
    return ctranslate2.StorageView.from_array(features if features.is_cuda else features.numpy())


def stacked(encoded: Sequence[Any]) -> Any:
    """One ctranslate2.StorageView of several in the CPU's memory, of float32 and of one shape but for the first axis."""
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(one) for one in encoded]))
