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
from pathlib import Path
from queue import Queue

import torch
from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

from .corpus import load
from .recogniser import Batch, Collator, Teacher, build_model
from .tokens import END, SPECIALS, START, build_tokenizer, save
from .windows import WindowSampler

_PEAK_RATE, _WARM_UP = 2e-3, 150
_SHORT, _FULL = 400, 3000  # frames of 10 ms
_FRAMES_A_BATCH = 14_000
_AVERAGE = 0.997


def window_frames(progress: float, rng: random.Random) -> int:
    """Length of the next batch's windows: up to 4 s at first, growing to 30 s at 55% of the way, mixed with shorter ones."""
    longest = _SHORT * (_FULL / _SHORT) ** min(1.0, max(0.0, progress - 0.04) / 0.5)
    if progress > 0.5 and rng.random() < 0.5:
        return _FULL
    return 2 * int(rng.uniform(0.6 if progress < 0.5 else 0.3, 1.0) * longest / 2)


def weights(progress: float) -> dict[str, float]:
    """Frame labels and led attention lead at first and keep a small part to the end."""
    lead = max(0.25, 1.0 - 1.2 * progress)
    return {"token": 1.0, "language": 0.1, "word": lead, "phoneme": 0.6 * lead, "attention": 0.3 * lead}


class Clock:
    """How far training is, in [0, 1]."""

    def __init__(self, minutes: float, steps: int | None) -> None:
        self._start, self._minutes, self._steps, self.step = time.monotonic(), minutes, steps, 0

    def progress(self) -> float:
        if self._steps:
            return min(1.0, self.step / self._steps)
        return min(1.0, (time.monotonic() - self._start) / 60 / self._minutes)


def feed(queue: Queue[Batch], sampler: WindowSampler, collator: Collator, clock: Clock, seed: int) -> None:
    """Fill the queue with batches for ever (a daemon thread)."""
    rng = random.Random(seed)
    while True:
        progress = clock.progress()
        frames = window_frames(progress, rng)
        size = max(4, round(_FRAMES_A_BATCH / frames))
        queue.put(collator([sampler.draw(rng, frames, packed=0.65) for _ in range(size)]))


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
    generation.lang_to_id = {token: identifier(token) for token in SPECIALS[2:102]}
    generation.save_pretrained(folder)


def train(corpus: Path, output: Path, clock: Clock, seed: int, resume: Path | None, save_every: float) -> None:
    """Write `log.jsonl` as it goes, `checkpoint.pt` and the averaged model in `hf/` every `save_every` minutes."""
    torch.manual_seed(seed)
    output.mkdir(parents=True, exist_ok=True)
    entries, mel = load(corpus)
    phonemes = sorted({name for entry in entries for name, _, _ in entry.phonemes})
    tokenizer = build_tokenizer()
    collator = Collator(tokenizer, phonemes)
    teacher = Teacher(build_model(tokenizer), collator.word_classes, collator.phoneme_classes)
    if resume:
        teacher.load_state_dict(torch.load(resume))
    print(f"{sum(p.numel() for p in teacher.model.parameters()) / 1e6:.2f} M parameters", flush=True)
    average = deepcopy(teacher.model)
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=_PEAK_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    queue: Queue[Batch] = Queue(6)
    sampler = WindowSampler(entries, mel, seed)
    threading.Thread(target=feed, args=(queue, sampler, collator, clock, seed + 1), daemon=True).start()
    saved = started = time.monotonic()
    with (output / "log.jsonl").open("a") as log:
        while (progress := clock.progress()) < 1.0:
            batch = queue.get()
            rate = _PEAK_RATE * min(1.0, (clock.step + 1) / _WARM_UP) * (0.5 * (1 + math.cos(math.pi * progress)) + 0.01)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with torch.autocast("cpu", torch.bfloat16):
                losses = teacher.losses(batch)
            factor = weights(progress)
            loss = sum((factor[name] * value for name, value in losses.items()), torch.zeros(()))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimizer.step()
            clock.step += 1
            decay = min(_AVERAGE, clock.step / (clock.step + 10))
            with torch.no_grad():
                for kept, now in zip(average.parameters(), teacher.model.parameters(), strict=True):
                    kept.lerp_(now, 1 - decay)
            if clock.step % 20 == 0:
                line = {name: round(value.item(), 3) for name, value in losses.items()}
                line |= {"step": clock.step, "s": round(time.monotonic() - started), "frames": batch.mel.shape[2]}
                log.write(json.dumps(line | {"rate": rate}) + "\n")
                log.flush()
            if time.monotonic() - saved > save_every * 60:
                saved = time.monotonic()
                torch.save(teacher.state_dict(), output / "checkpoint.pt")
                save_model(average, output / "hf")
    torch.save(teacher.state_dict(), output / "checkpoint.pt")
    save_model(average, output / "hf")


def main() -> None:
    parser = argparse.ArgumentParser(description="train the small recogniser")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--steps", type=int, help="follow this many steps instead of the clock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", type=Path, help="checkpoint.pt to start from")
    parser.add_argument("--save-every", type=float, default=5, help="minutes")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = Clock(arguments.minutes, arguments.steps)
    train(arguments.corpus, arguments.output, clock, arguments.seed, arguments.resume, arguments.save_every)


if __name__ == "__main__":
    main()
