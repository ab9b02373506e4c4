"""Train the aligner: a narrow Wav2Vec2ForCTC over characters, for English and Spanish together.

python -m models.training.train_aligner --output models/align-small --minutes 20
"""

from __future__ import annotations

import argparse
import json
import math
import random
import threading
import time
from pathlib import Path
from queue import Queue

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC, Wav2Vec2Processor

from .aligner_data import BLANK, VOCABULARY, WORD_END, Spoken, collection, window
from .espeak import SAMPLE_RATE

_PEAK_RATE, _WARM_UP = 1.5e-3, 150
_SECONDS = (2.5, 10.0)  # windows grow from the first to the second
_SECONDS_A_BATCH = 24.0
_CTC_WEIGHT = 0.05


def build_model(width: int = 144) -> Wav2Vec2ForCTC:
    """An untrained aligner of about 1 M parameters; frames of 20 ms as in the big models.

    Layer norm in the feature extractor: a padded batch gives each item what it gets alone.
    """
    return Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(VOCABULARY),
            hidden_size=width,
            num_hidden_layers=3,
            num_attention_heads=3,
            intermediate_size=3 * width,
            conv_dim=(40, 64, 96, 128, 128, 128, 128),
            feat_extract_norm="layer",
            num_conv_pos_embeddings=48,
            num_conv_pos_embedding_groups=8,
            hidden_dropout=0.0,
            activation_dropout=0.0,
            attention_dropout=0.0,
            feat_proj_dropout=0.0,
            final_dropout=0.0,
            layerdrop=0.0,
            mask_time_prob=0.0,
            ctc_zero_infinity=True,
            pad_token_id=VOCABULARY.index(BLANK),
            bos_token_id=1,
            eos_token_id=2,
        )
    )


def losses(model: Wav2Vec2ForCTC, audio: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the frame labels, and CTC of the same characters in order."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(audio).logits
    logits = logits.float()
    frames = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    characters = [row[row > 0] for row in labels]
    lengths = torch.tensor([len(c) for c in characters])
    size = torch.full((len(labels),), logits.shape[1])
    log = logits.log_softmax(-1).transpose(0, 1)
    return frames, functional.ctc_loss(log, torch.cat(characters), size, lengths, zero_infinity=True)


def save_model(model: Wav2Vec2ForCTC, folder: Path) -> None:
    """A directory for whisperx.load_align_model: weights, vocabulary, feature extractor."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.json"
    text = json.dumps({symbol: index for index, symbol in enumerate(VOCABULARY)}, ensure_ascii=False, indent=0)
    vocabulary.write_text(text + "\n", encoding="utf-8")
    tokenizer = Wav2Vec2CTCTokenizer(str(vocabulary), pad_token=BLANK, word_delimiter_token=WORD_END)
    extractor = Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    model.save_pretrained(folder)


def feed(
    queue: Queue[tuple[Tensor, Tensor]], spoken: list[Spoken], model: Wav2Vec2ForCTC, seed: int, progress: list[float]
) -> None:
    """Fill the queue with (audio, labels) for ever (a daemon thread); `progress[0]` sets the length."""
    rng = random.Random(seed)
    while True:
        longest = _SECONDS[0] + (_SECONDS[1] - _SECONDS[0]) * min(1.0, progress[0] * 1.4)
        seconds = rng.uniform(_SECONDS[0] * 0.8, longest)
        samples = int(seconds * SAMPLE_RATE)
        frames = int(model._get_feat_extract_output_lengths(samples))
        drawn = [window(rng, spoken, samples, frames) for _ in range(round(_SECONDS_A_BATCH / seconds))]
        queue.put((torch.from_numpy(np.stack([a for a, _ in drawn])), torch.from_numpy(np.stack([b for _, b in drawn]))))


def train(output: Path, minutes: float, utterances: int, seed: int, threads: int, resume: Path | None) -> None:
    """Train by the clock and write the directory every two minutes."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    model = Wav2Vec2ForCTC.from_pretrained(resume) if resume else build_model()
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    spoken = collection(utterances, seed)
    print(f"{sum(len(s.audio) for s in spoken) / SAMPLE_RATE / 3600:.1f} hours", flush=True)
    progress = [0.0]
    queue: Queue[tuple[Tensor, Tensor]] = Queue(4)
    threading.Thread(target=feed, args=(queue, spoken, model, seed, progress), daemon=True).start()
    optimizer = torch.optim.AdamW(model.parameters(), lr=_PEAK_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    model.train()
    started = saved = time.monotonic()
    step = 0
    while progress[0] < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = _PEAK_RATE * min(1.0, (step + 1) / _WARM_UP) * (0.5 * (1 + math.cos(math.pi * progress[0])) + 0.01)
        frames, ctc = losses(model, *queue.get())
        optimizer.zero_grad()
        (frames + _CTC_WEIGHT * ctc).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        progress[0] = (time.monotonic() - started) / 60 / minutes
        if step % 20 == 0:
            print(step, round(time.monotonic() - started), f"{frames.item():.3f} {ctc.item():.3f}", flush=True)
        if time.monotonic() - saved > 120:
            saved = time.monotonic()
            save_model(model, output)
    save_model(model, output)


def main() -> None:
    parser = argparse.ArgumentParser(description="train the small aligner")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--utterances", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="directory of a model to train further, from the peak rate down")
    arguments = parser.parse_args()
    train(arguments.output, arguments.minutes, arguments.utterances, arguments.seed, arguments.threads, arguments.resume)


if __name__ == "__main__":
    main()
