"""Make everything in models/ again: `python -m models.training` (about two hours on two idle cores).

Needs espeak-ng and ffmpeg. Work files go to build/training/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

_WORK = "build/training"
_STAGES = {
    "corpus": ["models.training.corpus", "--output", f"{_WORK}/corpus", "--utterances", "20000"],
    "asr": ["models.training.train_asr", "--corpus", f"{_WORK}/corpus", "--output", f"{_WORK}/asr", "--steps", "9000"],
    "convert": ["models.training.convert_asr", f"{_WORK}/asr/hf", "models/asr-small"],
    "aligner": ["models.training.train_aligner", "--output", "models/align-small", "--minutes", "20", "--threads", "2"],
    "segmentation": ["models.training.train_diarization", "segmentation", "--output", f"{_WORK}/diarize", "--minutes", "11"],
    "embedding": ["models.training.train_diarization", "embedding", "--output", f"{_WORK}/diarize", "--minutes", "8"],
    "diarizer": ["models.training.tune_diarizer", f"{_WORK}/diarize", "models/diarize-small"],
    "punkt": ["models.training.train_punkt", "models/nltk_data"],
    "evaluate": ["models.evaluate", "--output", "build/figures/models.json", "--card", "models/README.md"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="make the small models again, stage by stage")
    parser.add_argument(
        "stages", nargs="*", default=list(_STAGES), metavar="STAGE", help=f"of {', '.join(_STAGES)}; all by default"
    )
    chosen: list[str] = parser.parse_args().stages
    if unknown := sorted(set(chosen) - set(_STAGES)):
        parser.error(f"no such stage: {', '.join(unknown)}")
    for number, stage in enumerate(chosen, 1):
        started = time.monotonic()
        print(f"[{number}/{len(chosen)}] {stage}", flush=True)
        subprocess.run([sys.executable, "-m", *_STAGES[stage]], check=True)
        print(f"[{number}/{len(chosen)}] {stage}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
