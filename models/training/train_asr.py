"""Train the recogniser on the corpus; the learning rate and the window length follow the clock, or the step if --steps.

python -m models.training.train_asr --corpus build/training/corpus --output build/training/asr --minutes 75
"""

from __future__ import annotations

import argparse
import json
import math
import random
import threading
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn
from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

from .corpus import load
from .recogniser import Batch, Collator, Teacher, build_model
from .tokens import END, SPECIALS, START, build_tokenizer, save
from .windows import WindowSampler

_PEAK_RATE, _WARM_UP = 2e-3, 150
_SHORT, _FULL = 400, 3000  # frames of 10 ms
_FRAMES_A_BATCH = 9_000
_AVERAGE = 0.997


@dataclass(frozen=True)
class Rank:
    """One of `count` processes of one thread that train together: they wait for each other once a step, not once an
    operation as threads do, which matters on a busy machine."""

    index: int
    count: int
    seed: int


def window_frames(progress: float, rng: random.Random) -> int:
    """Length of the next batch's windows: up to 4 s at first, growing to 30 s at 70% of the way, mixed with shorter ones."""
    whole, part = rng.random() < 0.5, rng.random()
    if progress > 0.7 and whole:
        return _FULL
    longest = _SHORT * (_FULL / _SHORT) ** min(1.0, max(0.0, progress - 0.04) / 0.66)
    least = 0.6 if progress < 0.7 else 0.3
    return 2 * int((least + (1 - least) * part) * longest / 2)


def weights(progress: float) -> dict[str, float]:
    """Frame labels and led attention lead at first and keep a small part to the end."""
    lead = max(0.25, 1.0 - 1.2 * progress)
    return {"token": 1.0, "language": 0.1, "word": lead, "previous": lead, "phoneme": 0.5 * lead, "attention": 0.4}


class Clock:
    """How far training is, from `origin` (above 0 after a resumption) to 1."""

    def __init__(self, minutes: float, steps: int | None, origin: float) -> None:
        self._start, self._minutes, self._steps, self._origin = time.monotonic(), minutes, steps, origin
        self.step = 0

    def progress(self) -> float:
        done = self.step / self._steps if self._steps else (time.monotonic() - self._start) / 60 / self._minutes
        return min(1.0, self._origin + (1 - self._origin) * done)


def feed(queue: Queue[Batch], sampler: WindowSampler, collator: Collator, clock: Clock, rank: Rank) -> None:
    """Fill the queue with batches for ever (a daemon thread); all ranks draw the same lengths, so none waits long."""
    lengths, rng = random.Random(rank.seed), random.Random(rank.seed * 1000 + rank.index)
    while True:
        frames = window_frames(clock.progress(), lengths)
        size = max(2, round(_FRAMES_A_BATCH / rank.count / frames))
        queue.put(collator([sampler.draw(rng, frames, packed=0.65) for _ in range(size)]))


def share(teacher: Teacher, progress: float, rank: Rank) -> float:
    """Average the gradients, and how far training is, over the ranks: so all take the same steps and stop together."""
    gradients = [p.grad for p in teacher.parameters() if p.grad is not None]
    flat = torch.cat([*(g.flatten() for g in gradients), torch.tensor([progress])])
    dist.all_reduce(flat)
    flat /= rank.count
    for gradient, mean in zip(gradients, flat[:-1].split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
    return flat[-1].item()


def save_model(model: WhisperForConditionalGeneration, folder: Path) -> None:
    """A Hugging Face directory ready for ct2-transformers-converter."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = build_tokenizer()
    save(tokenizer, folder)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
    model.save_pretrained(folder)
    end, identifier = tokenizer.token_to_id(END), tokenizer.token_to_id
    generation = GenerationConfig(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=identifier(START), max_length=448
    )
    generation.lang_to_id = {token: identifier(token) for token in SPECIALS[2:102]}  # type: ignore[attr-defined]
    generation.save_pretrained(folder)


def train(index: int, arguments: argparse.Namespace) -> None:
    """One rank. Rank 0 writes `log.jsonl`, `checkpoint.pt` and the averaged model in `hf/`."""
    rank = Rank(index, arguments.processes, arguments.seed)
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{arguments.port}"
    dist.init_process_group("gloo", init_method=address, rank=index, world_size=rank.count)
    torch.manual_seed(rank.seed)
    output: Path = arguments.output
    entries, mel = load(arguments.corpus)
    tokenizer = build_tokenizer()
    collator = Collator(tokenizer, sorted({name for entry in entries for name, _, _ in entry.phonemes}))
    teacher = Teacher(build_model(tokenizer), collator.word_classes, collator.phoneme_classes)
    average = deepcopy(teacher.model)
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=_PEAK_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    origin = 0.0
    if arguments.resume:
        state = torch.load(arguments.resume)
        teacher.load_state_dict(state["teacher"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        origin = state["progress"]
    clock, queue = Clock(arguments.minutes, arguments.steps, origin), Queue[Batch](4)
    sampler = WindowSampler(entries, mel, rank.seed)
    threading.Thread(target=feed, args=(queue, sampler, collator, clock, rank), daemon=True).start()
    progress, started = origin, time.monotonic()
    saved = started
    while progress < 1.0:
        batch = queue.get()
        rate = _PEAK_RATE * min(1.0, (clock.step + 1) / _WARM_UP) * (0.5 * (1 + math.cos(math.pi * progress)) + 0.01)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            losses = teacher.losses(batch)
        factor = weights(progress)
        optimizer.zero_grad()
        sum((factor[name] * value for name, value in losses.items()), torch.zeros(())).backward()
        progress = share(teacher, clock.progress(), rank)
        torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimizer.step()
        clock.step += 1
        if index:
            continue
        decay = min(_AVERAGE, clock.step / (clock.step + 10))
        with torch.no_grad():
            for kept, now in zip(average.parameters(), teacher.model.parameters(), strict=True):
                kept.lerp_(now, 1 - decay)
        if clock.step % 20 == 0:
            line = {name: round(value.item(), 3) for name, value in losses.items()}
            line |= {"step": clock.step, "s": round(time.monotonic() - started), "frames": batch.mel.shape[2]}
            with (output / "log.jsonl").open("a") as log:
                log.write(json.dumps(line | {"rate": rate}) + "\n")
        if time.monotonic() - saved > arguments.save_every * 60 or progress >= 1.0:
            saved = time.monotonic()
            state = {"teacher": teacher.state_dict(), "average": average.state_dict(), "progress": progress}
            torch.save(state | {"optimizer": optimizer.state_dict()}, output / "checkpoint.pt")
            save_model(average, output / "hf")


def main() -> None:
    parser = argparse.ArgumentParser(description="train the small recogniser")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=75, help="time left to train, without --steps")
    parser.add_argument("--steps", type=int, help="follow this many steps instead of the clock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="of one thread each")
    parser.add_argument("--port", type=int, default=29511, help="on which the processes meet")
    parser.add_argument("--resume", type=Path, help="checkpoint.pt to go on from")
    parser.add_argument("--save-every", type=float, default=5, help="minutes")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    spawn(train, (arguments,), arguments.processes)


if __name__ == "__main__":
    main()
