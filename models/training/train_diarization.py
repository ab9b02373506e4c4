"""Train one of the two networks of models/diarize-small on conversations that are mixed while it learns.

python -m models.training.train_diarization segmentation --output build/training/diarize --minutes 10 --threads 1
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio.core.model import Model
from pyannote.audio.utils.powerset import Powerset
from torch import Tensor, nn
from torch.nn import functional

from transcription_runner.engine.voices.diarize_small import HOP, SmallSegmentation, SmallVoice

from .conversations import Speaker, cast, converse, speakers
from .diarizer_files import AT_ONCE, SEGMENTATION, SPEAKERS, VOICE, write_checkpoint
from .espeak import SAMPLE_RATE

SAMPLES = 5 * SAMPLE_RATE
FRAMES = 1 + SAMPLES // HOP
_BATCH = 32
_PEAK = 2e-3  # learning rate
_ALONE = 30  # frames that a voice must have to itself to be learned from
_SCALE, _MARGIN = 24.0, 0.2

Batch = tuple[Tensor, Tensor, Tensor]
Losses = Callable[[Batch], Tensor]


def _window(rng: random.Random, everybody: list[Speaker]) -> tuple[NDArray[np.float32], NDArray[np.float32], list[int]]:
    """Sound (SAMPLES,), who talks in each frame (FRAMES, SPEAKERS), and the number of the speaker of each column, -1 for none."""
    people = cast(rng, everybody, rng.choices((1, 2, 3), (2, 5, 3))[0])
    conversation = converse(rng, everybody, people, 2 * SAMPLES / SAMPLE_RATE)
    start = rng.randrange(SAMPLES)
    active = np.zeros((FRAMES, SPEAKERS), np.float32)
    for turn in conversation.turns:
        first, last = (round((edge - start) / HOP) for edge in (turn.start, turn.end))
        active[max(0, first) : max(0, last), people.index(turn.speaker)] = 1
    return conversation.sound[start : start + SAMPLES], active, people + [-1] * (SPEAKERS - len(people))


def batch(rng: random.Random, everybody: list[Speaker]) -> Batch:
    """Sound (windows, 1, SAMPLES), activity (windows, FRAMES, SPEAKERS), numbers of speakers (windows, SPEAKERS)."""
    sounds, active, people = zip(*(_window(rng, everybody) for _ in range(_BATCH)), strict=True)
    return torch.from_numpy(np.stack(sounds))[:, None], torch.from_numpy(np.stack(active)), torch.tensor(people)


def segmentation_loss(network: Model) -> Losses:
    """Cross entropy over sets of speakers, in the order of speakers that fits a window best (Plaquet and Bredin 2023)."""
    powerset = Powerset(SPEAKERS, AT_ONCE)
    orders = [list(order) for order in itertools.permutations(range(SPEAKERS))]

    def loss(drawn: Batch) -> Tensor:
        sounds, active, _ = drawn
        scores = network(sounds).transpose(1, 2)
        targets = [powerset.to_powerset(active[:, :, order]).argmax(dim=2) for order in orders]
        losses = torch.stack([functional.nll_loss(scores, target, reduction="none").mean(dim=1) for target in targets])
        return losses.min(dim=0).values.mean()

    return loss


def voice_loss(network: Model, directions: nn.Parameter) -> Losses:
    """Cosine softmax with an additive margin over the speakers of training (Wang and others 2018)."""

    def loss(drawn: Batch) -> Tensor:
        sounds, active, people = drawn
        alone = active * (active.sum(dim=2, keepdim=True) < 2)
        told = alone.sum(dim=1) >= _ALONE
        weights = torch.where(told[:, None], alone, 1.0)  # no weight at all has no deviation, and that no gradient
        vectors = network(sounds, weights=weights.transpose(1, 2))[told]
        cosines = functional.normalize(vectors) @ functional.normalize(directions).T
        right = functional.one_hot(people[told], len(directions))
        return functional.cross_entropy(_SCALE * (cosines - _MARGIN * right), people[told])

    return loss


def train(
    network: Model,
    loss: Losses,
    extra: list[nn.Parameter],
    everybody: list[Speaker],
    minutes: float,
    folder: Path,
) -> None:
    """AdamW for so many minutes, the learning rate falling as a cosine of the time spent; a checkpoint every minute."""
    optimiser = torch.optim.AdamW([*network.parameters(), *extra], lr=_PEAK, weight_decay=1e-3)
    rng, began, saved, recent = random.Random(11), time.monotonic(), 0.0, 0.0
    network.train()
    for step in itertools.count(1):
        spent = (time.monotonic() - began) / 60 / minutes
        if spent >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _PEAK * min(1, step / 50) * (0.01 + 0.99 * (1 + math.cos(math.pi * spent)) / 2)
        value = loss(batch(rng, everybody))
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        recent = value.item() if step == 1 else 0.98 * recent + 0.02 * value.item()
        if step % 25 == 0:
            print(f"step {step}: loss {recent:.3f}, {spent:.0%} of the time", flush=True)
        if time.monotonic() - saved > 60:
            write_checkpoint(network, folder)
            saved = time.monotonic()
    write_checkpoint(network, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="train a network of the small diarization pipeline")
    parser.add_argument("network", choices=("segmentation", "embedding"))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(3)
    everybody = speakers("training")
    network: Model
    if a.network == "segmentation":
        segmentation, extra = SmallSegmentation(), list[nn.Parameter]()
        segmentation.specifications = SEGMENTATION
        segmentation.setup()  # type: ignore[no-untyped-call]
        network, loss = segmentation, segmentation_loss(segmentation)
    else:
        voice = SmallVoice()
        voice.specifications = VOICE
        extra = [nn.Parameter(torch.randn(len(everybody), voice.dimension))]
        network, loss = voice, voice_loss(voice, extra[0])
    train(network, loss, extra, everybody, a.minutes, a.output / a.network)


if __name__ == "__main__":
    main()
