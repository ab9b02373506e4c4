"""The two networks of models/diarize-small, which its checkpoints name: pyannote's own are too large to train or to keep here.

Both hear mel power in windows of 64 ms every 20 ms. pyannote imports this module when it opens the checkpoints.
"""

from typing import Any

import torch
from pyannote.audio.core.model import Model
from pyannote.audio.models.blocks.pooling import StatsPool
from torch import Tensor, nn
from torchaudio.transforms import MelSpectrogram  # type: ignore[import-untyped]

from transcription_runner.engine.audio import SAMPLE_RATE

WINDOW, HOP, BINS = 1024, 320, 80
"""Samples in a frame, samples from one frame to the next, mel bins."""


class _LogMel(nn.Module):
    """Sound of shape (batch, 1, samples) as log mel power, normalised by bin, of shape (batch, BINS, 1 + samples // HOP)."""

    def __init__(self) -> None:
        super().__init__()
        self.mel = MelSpectrogram(SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, n_mels=BINS)
        self.norm = nn.BatchNorm1d(BINS)

    def forward(self, waveforms: Tensor) -> Tensor:
        normal: Tensor = self.norm(torch.log(self.mel(waveforms[:, 0]) + 1e-5))
        return normal


class SmallSegmentation(Model):
    """Which of the window's speakers talk in each frame, as log-probabilities of the sets of speakers (powerset)."""

    def __init__(self, sample_rate: int = SAMPLE_RATE, num_channels: int = 1, hidden: int = 80, task: None = None) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.save_hyperparameters("hidden")
        self.hidden = hidden
        self.features = _LogMel()
        self.near = nn.Sequential(nn.Conv1d(BINS, 96, 3, padding=1), nn.ReLU(), nn.BatchNorm1d(96))
        self.far = nn.LSTM(96, hidden, num_layers=2, batch_first=True, bidirectional=True)

    @property
    def dimension(self) -> int:
        """Sets of speakers that the network tells apart."""
        specifications: Any = self.specifications
        return int(specifications.num_powerset_classes)

    def build(self) -> None:
        """Add the layer whose size the specifications decide; pyannote calls this."""
        self.classifier = nn.Linear(2 * self.hidden, self.dimension)
        self.activation: Any = self.default_activation()

    def num_frames(self, num_samples: int) -> int:
        """Frames that come out for so many samples."""
        return 1 + num_samples // HOP

    def receptive_field_size(self, num_frames: int = 1) -> int:
        """Samples that so many frames hear, context apart."""
        return WINDOW + (num_frames - 1) * HOP

    def receptive_field_center(self, frame: int = 0) -> int:
        """The sample in the middle of a frame."""
        return frame * HOP

    def forward(self, waveforms: Tensor, **_: Any) -> Tensor:
        """Sound of shape (batch, 1, samples) in, scores of shape (batch, frames, sets) out."""
        heard, _ = self.far(self.near(self.features(waveforms)).transpose(1, 2))
        scores: Tensor = self.activation(self.classifier(heard))
        return scores


class SmallVoice(Model):
    """A vector for the voice of each speaker of a window; the angle between two vectors tells voices apart."""

    def __init__(
        self, sample_rate: int = SAMPLE_RATE, num_channels: int = 1, width: int = 128, size: int = 64, task: None = None
    ) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.save_hyperparameters("width", "size")
        self.size = size
        self.features = _LogMel()
        layers: list[nn.Module] = []
        for inputs, kernel, dilation in ((BINS, 5, 1), (width, 3, 2), (width, 3, 3)):
            convolution = nn.Conv1d(inputs, width, kernel, dilation=dilation, padding=kernel // 2 * dilation)
            layers += [convolution, nn.LeakyReLU(), nn.BatchNorm1d(width)]
        self.layers = nn.Sequential(*layers)
        self.pool = StatsPool()
        self.vector = nn.Linear(2 * width, size)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.size

    def forward(self, waveforms: Tensor, weights: Tensor | None = None, **_: Any) -> Tensor:
        """Sound (batch, 1, samples) and how much each frame counts (batch, speakers, frames) in, (batch, speakers, size) out."""
        vectors: Tensor = self.vector(self.pool(self.layers(self.features(waveforms)), weights=weights))
        return vectors
