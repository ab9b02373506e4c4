"""What an alignment model hears: log probabilities of its characters, about 50 frames a second, for many sounds at once.

Padding must not change a result. A model's convolutions may normalise over the whole length of a sound (wav2vec2's "group" norm),
so they see each sound alone, without padding; that also bounds their memory, the largest of all. The transformer after them,
where batches pay, gets sounds of about the same length with the padding masked.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.batch_size import BatchSize
from transcription_runner.engine.cuda import empty_cache, is_cuda
from transcription_runner.engine.faults import is_device_dead, is_out_of_memory
from transcription_runner.engine.words.alphabet import Alphabet, alphabet_of

Sound = NDArray[np.float32]
Emission = NDArray[np.float32]

SHORTEST = 400
"""Samples that a model needs for its first frame; shorter sounds are padded with silence (as whisperx does)."""
MOST_SAMPLES = {"cpu": 30 * 16_000, "cuda": 600 * 16_000}
"""Samples of a batch with its padding, by device: the bound on the transformer's memory. A longer sound is a batch of its own."""
WIDEST_SPREAD = 1.25
"""How much longer than the shortest sound of a batch its longest may be: padding is work for nothing."""


class Network(Protocol):
    """An alignment model in its two parts."""

    alphabet: Alphabet

    def features(self, sound: Any) -> Any:
        """The convolutional part: float tensor (1, samples) to (frames, channels)."""
        ...

    def logits(self, features: Any, frames: Any | None) -> Any:
        """The transformer: (sounds, frames, channels) to (sounds, frames, columns); `frames`: how many count, if they differ."""
        ...


class HuggingFace:
    """A transformers Wav2Vec2ForCTC."""

    def __init__(self, model: Any, vocabulary: dict[str, int]) -> None:
        if model.wav2vec2.adapter is not None:
            raise ValueError("an alignment model with adapter layers after its transformer (add_adapter) is not supported")
        self._model = model
        self.alphabet = alphabet_of(vocabulary, model.lm_head.out_features)

    def features(self, sound: Any) -> Any:
        """See Network."""
        return self._model.wav2vec2.feature_extractor(sound)[0].T

    def logits(self, features: Any, frames: Any | None) -> Any:
        """See Network."""
        import torch

        base = self._model.wav2vec2
        hidden, _ = base.feature_projection(features)
        mask = None if frames is None else torch.arange(features.shape[1], device=features.device) < frames[:, None]
        return self._model.lm_head(base.encoder(hidden, attention_mask=mask).last_hidden_state)


class Torchaudio:
    """A torchaudio Wav2Vec2Model with an output layer, bare or in the wrapper that normalises the sound first."""

    def __init__(self, model: Any, vocabulary: dict[str, int]) -> None:
        self._normalises = getattr(model, "normalize_waveform", False)
        self._model = getattr(model, "model", model)
        self.alphabet = alphabet_of(vocabulary, self._model.aux.out_features)

    def features(self, sound: Any) -> Any:
        """See Network."""
        from torch.nn.functional import layer_norm

        return self._model.feature_extractor(layer_norm(sound, sound.shape) if self._normalises else sound, None)[0][0]

    def logits(self, features: Any, frames: Any | None) -> Any:
        """See Network."""
        return self._model.aux(self._model.encoder(features, frames))


class Emitter:
    """Runs one model over many sounds, on a GPU in half precision. Batches that do not fit into memory are made smaller."""

    def __init__(self, network: Network, device: str) -> None:
        self._network, self._device, self._half = network, device, is_cuda(device)
        self._size = BatchSize(MOST_SAMPLES["cuda" if self._half else "cpu"])
        """In samples."""

    def emissions(self, sounds: Sequence[Sound]) -> Iterator[tuple[int, Emission | Exception]]:
        """Each sound's place in `sounds` and its emission, shape (frames, columns), or why there is none; in order of length.

        Raises what the libraries raise when the device is dead: that is no fault of a sound.
        """
        lengths = [len(sound) for sound in sounds]
        waiting = batches(lengths, self._size.current)
        while waiting:
            batch = waiting.pop(0)
            found = self._attempt([sounds[place] for place in batch])
            if not isinstance(found, Exception):
                yield from zip(batch, found, strict=True)
            elif len(batch) == 1:
                yield batch[0], found
            elif is_out_of_memory(found):
                self._size.on_out_of_memory(_padded(lengths, batch))
                left = sorted(place for places in (batch, *waiting) for place in places)
                again = batches([lengths[place] for place in left], self._size.current)
                waiting = [[left[index] for index in places] for places in again]
            else:
                waiting[:0] = [[place] for place in batch]

    def _attempt(self, sounds: list[Sound]) -> list[Emission] | Exception:
        try:
            found = self._batch(sounds, self._half)
        except (RuntimeError, MemoryError) as error:
            if is_device_dead(error):
                raise
            failure = error.with_traceback(None)  # whose frames would keep their tensors alive
        else:
            self._size.on_success(_padded([len(sound) for sound in sounds], range(len(sounds))))
            return found
        if is_out_of_memory(failure):
            empty_cache()
        return failure

    def _batch(self, sounds: list[Sound], half: bool) -> list[Emission]:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        with torch.inference_mode(), torch.autocast("cuda", dtype=torch.float16, enabled=half):
            features = [self._network.features(self._tensor(sound)) for sound in sounds]
            lengths = [len(one) for one in features]
            frames = None if len(set(lengths)) == 1 else torch.tensor(lengths, device=self._device)
            logits = self._network.logits(pad_sequence(features, batch_first=True), frames)
            found = torch.log_softmax(logits.float(), dim=-1).cpu().numpy()
        if half and not np.isfinite(found).all():
            return self._batch(sounds, half=False)  # beyond the range of half precision
        return [found[place, :length] for place, length in enumerate(lengths)]

    def _tensor(self, sound: Sound) -> Any:
        import torch

        padded = np.pad(sound, (0, max(0, SHORTEST - len(sound))))
        return torch.from_numpy(padded).to(self._device)[None]


def batches(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Places of `lengths` (samples), shortest first, in batches of at most `most` samples, padding included."""
    result: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = max(lengths[place], SHORTEST)
        batch = result[-1] if result else []
        if batch and length * (len(batch) + 1) <= most and length <= WIDEST_SPREAD * max(lengths[batch[0]], SHORTEST):
            batch.append(place)
        else:
            result.append([place])
    return result


def _padded(lengths: Sequence[int], batch: Sequence[int]) -> int:
    """Samples of a batch with its padding."""
    return max(SHORTEST, *(lengths[place] for place in batch)) * len(batch)
