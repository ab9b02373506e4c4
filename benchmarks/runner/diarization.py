"""Who spoke when: the engine's diarizer with models/diarize-small, on conversations of voices that it was not trained on.

python -m benchmarks.runner.diarization --output FILE
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from models.training.conversations import conversations
from models.training.diarizer_score import counted_right, error_rate, score
from models.training.espeak import SAMPLE_RATE
from transcription_runner.engine.voices.diarize import Pipeline

MODEL = Path(__file__).resolve().parents[2] / "models" / "diarize-small"
SEED = 2026


def measured(model: Path = MODEL, count: int = 20) -> dict[str, Any]:
    """Figures over `count` conversations of two speakers and as many of three.

    `der` (no collar, overlapped speech counted), `speaker_count_right` (share of conversations), and `detail`.
    """
    diarizer = Pipeline(str(model), "cpu")
    drawn = conversations("held-out", count, SEED)
    began = time.monotonic()
    scores = [score(diarizer, conversation) for conversation in drawn]
    spent = time.monotonic() - began
    seconds = sum(len(conversation.sound) for conversation in drawn) / SAMPLE_RATE
    spoken = sum(one.spoken for one in scores)
    detail: dict[str, Any] = {
        "conversations": len(drawn),
        "seconds": round(seconds),
        "times_real_time": round(seconds / spent, 1),
        **{part: round(sum(getattr(one, part) for one in scores) / spoken, 4) for part in ("missed", "invented", "confused")},
        "speakers_heard_and_true": [[one.heard, one.true] for one in scores],
    }
    for people in (2, 3):
        some = [one for one in scores if one.true == people]
        detail[f"der_{people}"] = round(error_rate(some), 4)
        detail[f"speaker_count_right_{people}"] = round(counted_right(some), 4)
    return {"der": round(error_rate(scores), 4), "speaker_count_right": round(counted_right(scores), 4), "detail": detail}


def main() -> None:
    parser = argparse.ArgumentParser(description="diarization error rate and counts of speakers on held-out voices")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=MODEL)
    a = parser.parse_args()
    torch.set_num_threads(2)
    figures = measured(a.model.resolve())
    a.output.parent.mkdir(parents=True, exist_ok=True)
    a.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in figures.items() if key != "detail"}))


if __name__ == "__main__":
    main()
