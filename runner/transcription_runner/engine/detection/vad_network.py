"""The network of pyannote's segmentation model, and the weights that whisperx carries for it.

Loading it through pyannote.audio imports Lightning and all of torchmetrics, half of what a command takes to start
(docs/decisions/0011). Layers: Bredin and Laurent, "End-to-end speaker segmentation for overlap-aware resegmentation", 2021.
Filters: Ravanelli and Bengio, "Speaker recognition from raw waveform with SincNet", 2018.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool1d

from transcription_runner.engine.audio import SAMPLE_RATE

FRAME_SAMPLES = 270
"""From frame to frame: a stride of 10, then three times the largest of 3."""
FIELD_SAMPLES = 991
"""What one frame sees."""
_FILTERS, _FILTER_SAMPLES, _STRIDE, _POOLED = 80, 251, 10, 3
_FEATURES, _HIDDEN, _LAYERS, _SPEAKERS = 60, 128, 4, 3


class _Unread:
    """Stands for what the checkpoint holds beside its weights: classes of pyannote and of the training, which stay unknown."""

    def __init__(self, *_: Any) -> None: ...
    def __setstate__(self, _: Any) -> None: ...


class SegmentationNetwork(nn.Module):
    """Sound, float32 at 16 kHz, to probabilities of shape (windows, frames, 3 speakers)."""

    def __init__(self) -> None:
        super().__init__()
        self.loudness = nn.InstanceNorm1d(1, affine=True)
        self.filters = nn.Conv1d(1, _FILTERS, _FILTER_SAMPLES, _STRIDE, bias=False)
        self.convolutions = nn.ModuleList([nn.Conv1d(_FILTERS, _FEATURES, 5), nn.Conv1d(_FEATURES, _FEATURES, 5)])
        self.norms = nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (_FILTERS, _FEATURES, _FEATURES)])
        self.lstm = nn.LSTM(_FEATURES, _HIDDEN, _LAYERS, batch_first=True, bidirectional=True)
        self.linear = nn.ModuleList([nn.Linear(2 * _HIDDEN, _HIDDEN), nn.Linear(_HIDDEN, _HIDDEN)])
        self.classifier = nn.Linear(_HIDDEN, _SPEAKERS)

    def forward(self, stretches: Sequence[tuple[Tensor, Sequence[int]]], samples: int) -> Tensor:
        """Windows of so many samples in stretches of sound, of shape (all samples), with their windows' starts (multiples of 10).

        Windows that overlap are filtered together: the filters are linear, so each window's loudness is evened out after them.
        """
        pooled = [window for stretch, starts in stretches for window in self._filtered(stretch, starts, samples)]
        found = leaky_relu(self.norms[0](torch.stack(pooled)))
        for convolution, norm in zip(self.convolutions, self.norms[1:], strict=True):
            found = leaky_relu(norm(max_pool1d(convolution(found), _POOLED)))
        found, _ = self.lstm(found.transpose(1, 2))
        for linear in self.linear:
            found = leaky_relu(linear(found))
        probabilities: Tensor = self.classifier(found).sigmoid()
        return probabilities

    def _filtered(self, stretch: Tensor, starts: Sequence[int], samples: int) -> Iterator[Tensor]:
        filtered = self.filters(stretch[None, None])[0]
        frames = (samples - _FILTER_SAMPLES) // _STRIDE + 1
        gains = self.filters.weight.sum(2)
        for start in starts:  # one by one, each stays in the cache of a CPU
            variance, mean = torch.var_mean(stretch[start : start + samples], correction=0)
            scale = self.loudness.weight * torch.rsqrt(variance + self.loudness.eps)
            offset = (self.loudness.bias - mean * scale) * gains
            part = filtered[:, start // _STRIDE : start // _STRIDE + frames]
            yield max_pool1d(torch.addcmul(offset, part, scale).abs_(), _POOLED)


def whisperx_weights() -> Path:
    """The checkpoint that the whisperx package carries. Raises RuntimeError where whisperx is not installed."""
    found = find_spec("whisperx")
    if found is None or found.origin is None:
        raise RuntimeError("the package whisperx is not installed")
    return Path(found.origin).parent / "assets" / "pytorch_model.bin"


def segmentation_network(checkpoint: Path) -> SegmentationNetwork:
    """The network with the checkpoint's weights, ready to judge. Raises OSError, and RuntimeError for another network's weights.

    Nothing but tensors comes out of the file: what else it names is not imported.
    """
    others: list[Any] = [(_Unread, name) for name in torch.serialization.get_unsafe_globals_in_checkpoint(str(checkpoint))]
    with torch.serialization.safe_globals(others):
        stored: dict[str, Tensor] = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    network = SegmentationNetwork()
    try:
        network.load_state_dict(_named(stored))
    except (KeyError, RuntimeError) as error:
        raise RuntimeError(f"{checkpoint} is not a checkpoint of pyannote's segmentation network: {error}") from error
    return network.eval()


def _named(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """PyanNet's weights by the names that they have here. Raises KeyError for a missing filter bank."""
    bank, weights = "sincnet.conv1d.0.filterbank.", dict[str, Tensor]()
    weights["filters.weight"] = _filters(stored[f"{bank}low_hz_"], stored[f"{bank}band_hz_"])
    for name, tensor in stored.items():
        if not name.startswith(bank):
            name = name.replace("sincnet.wav_norm1d", "loudness").replace("sincnet.norm1d", "norms")
            name = name.replace("sincnet.conv1d.1", "convolutions.0").replace("sincnet.conv1d.2", "convolutions.1")
            weights[name] = tensor
    return weights


def _filters(low_hz: Tensor, band_hz: Tensor) -> Tensor:
    """Band-pass filters, even ones, then odd ones, of shape (80, 1, 251), from their learned edges."""
    from asteroid_filterbanks import ParamSincFB

    bank: Any = ParamSincFB(_FILTERS, _FILTER_SAMPLES, stride=_STRIDE, sample_rate=SAMPLE_RATE, min_low_hz=50, min_band_hz=50)
    bank.low_hz_.data, bank.band_hz_.data = low_hz, band_hz
    filters: Tensor = bank.filters().detach()
    return filters
