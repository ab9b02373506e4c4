"""Join the trained networks to a pipeline, and find its clustering threshold on voices neither trained on nor held out.

python -m models.training.tune_diarizer build/training/diarize models/diarize-small
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from pyannote.audio import Model

from transcription_runner.engine.voices.diarize import Pipeline

from .conversations import conversations
from .diarizer_files import SEGMENTATION, VOICE, write_checkpoint, write_config, write_plda
from .diarizer_score import counted_right, error_rate, score

_THRESHOLDS = (0.775, 0.8, 0.825, 0.85, 0.875, 0.9)
_SMALLEST = 20
_VECTOR = 64


def main() -> None:
    parser = argparse.ArgumentParser(description="make a pyannote pipeline of two trained networks")
    parser.add_argument("trained", type=Path, help="folder with segmentation/ and embedding/")
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=14, help="conversations of two and of three speakers")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    for part, specifications in (("segmentation", SEGMENTATION), ("embedding", VOICE)):
        network = Model.from_pretrained(a.trained / part)
        if network is None:
            raise FileNotFoundError(f"{a.trained / part} holds no trained network")
        network.specifications = specifications
        write_checkpoint(network, a.output / part)
    write_plda(a.output / "plda", _VECTOR)
    heard = conversations("tuning", a.count, seed=77)
    tried = []
    for threshold in _THRESHOLDS:
        write_config(a.output, threshold, _SMALLEST)
        diarizer = Pipeline(str(a.output.resolve()), "cpu")
        scores = [score(diarizer, conversation) for conversation in heard]
        der, right = error_rate(scores), counted_right(scores)
        tried.append((der + 1 - right, threshold))
        print(f"threshold {threshold}: DER {der:.1%}, speakers right {right:.0%}", flush=True)
    write_config(a.output, min(tried)[1], _SMALLEST)


if __name__ == "__main__":
    main()
