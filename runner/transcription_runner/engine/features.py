"""Log-mel features, as Whisper was trained on them. Silence after a short chunk is filled in rather than computed."""

from typing import Any

from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE

WINDOW_SAMPLES = 30 * SAMPLE_RATE
WINDOW_FRAMES = 3000
"""Frames of 10 ms in Whisper's window."""
_TAIL_SAMPLES = 800
"""Zeros transformed after the chunk: more than one analysis window (400), so that every later frame is silence, too."""


def log_mel(samples: NDArray[Any], mels: int, device: str) -> Any:
    """A float32 tensor of shape (mels, 3000), equal to whisperx's over the chunk padded with zeros to 30 s.

    `samples`: float32, shape (n,); what is beyond 30 s is left out. whisperx clips at 8 below the loudest value and scales by
    (x + 4) / 4, so that a frame of zeros, 1e-10 before the logarithm, becomes the greater of -1.5 and the loudest minus 2.
    """
    import torch
    from whisperx.audio import log_mel_spectrogram

    samples = samples[:WINDOW_SAMPLES]
    padding = min(_TAIL_SAMPLES, WINDOW_SAMPLES - len(samples))
    spoken = log_mel_spectrogram(samples, n_mels=mels, padding=padding, device=device)
    window = torch.full((mels, WINDOW_FRAMES), max(-1.5, spoken.max().item() - 2.0), device=spoken.device)
    window[:, : spoken.shape[1]] = spoken
    return window
