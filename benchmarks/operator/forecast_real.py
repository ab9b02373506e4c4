"""As forecast.py, of one real run: the real runner over real sound in a real store, and the end that the operator foretells.

python -m benchmarks.operator.forecast_real [--files 120] [--output build/figures/forecast_real.json]

Needs a store (`make up`, then `source .dev/env`) and the small models of this repository; no operator, whose reconcile is given
what the pod reports. The pod is a thread of this process, its clock the machine's: a machine that is busy with other things for
a part of the run makes that part slower, and no forecast knows that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import described
from benchmarks.measuring import ROOT, say
from models.training.heldout import samples
from tests.integration.runner.buckets import Bucket
from tests.integration.runner.pods import configuration
from tests.integration.runner.sound import encoded, wav
from tests.unit.operator.world import START, a_job
from transcription_api.ledger import Worker
from transcription_api.names import ENV_MODEL_PATH
from transcription_api.report import ShardReport
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Stage
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.batch.run import _load_engine
from transcription_runner.limits import limits_from_environment
from transcription_runner.store.s3 import S3Store
from transcription_runner.surroundings import prepare_surroundings

SEED = 20_261_128
SHARES = (0.1, 0.25, 0.5, 0.75)
"""Of the files; at each the end is foretold."""
FORMATS = ((".wav", ()), (".mp3", ("-b:a", "32k")), (".mp3", ("-b:a", "128k")), (".ogg", ()), (".flac", ()))


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operator.forecast_real", description="one real run, foretold")
    parser.add_argument("--files", type=int, default=120, help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "figures" / "forecast_real.json", metavar="FILE")
    arguments = parser.parse_args()
    os.environ.setdefault(ENV_MODEL_PATH, str(ROOT / "models"))
    endpoint, access_key, secret_key = (os.environ[name] for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"))
    bucket = Bucket(endpoint, access_key, secret_key, f"forecast-{uuid.uuid4().hex[:12]}")
    bucket.make()
    try:
        seconds = _filled(bucket, arguments.files)
        figures = measured(bucket, S3Store(endpoint, access_key, secret_key), arguments.files)
    finally:
        bucket.remove()
    figures["detail"] |= {"files": arguments.files, "audio_seconds": round(seconds)}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def _filled(bucket: Bucket, files: int) -> float:
    """Puts speech of mixed lengths (two seconds to some minutes) and formats there; returns seconds of sound."""
    say(f"{files} files of speech are made")
    chance, total = random.Random(SEED), 0.0
    spoken = [sample.audio for sample in samples(60, SEED)]
    for number in range(files):
        pieces = [chance.choice(spoken) for _ in range(max(1, round(chance.lognormvariate(0, 1))))]
        suffix, options = chance.choice(FORMATS)
        sound = np.concatenate(pieces)
        total += len(sound) / 16_000
        bucket.put(f"in/{number:05}{suffix}", wav(sound) if suffix == ".wav" else encoded(sound, suffix, *options))
    return total


def measured(bucket: Bucket, store: S3Store, files: int) -> dict[str, Any]:
    """The errors of what is foretold on the way, as shares of the whole run's time."""
    prepare_surroundings()
    config = RunnerConfig.model_validate(configuration(bucket))
    worker = Worker(job_name=config.job.job_name, shard=0, pod_name="forecast")
    machine = described(("torch", "ctranslate2"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRANSCRIPTION_TERMINATION_LOG"] = str(Path(folder, "termination-log"))
        pod = Pod(config, worker, Means(store, limits_from_environment(), _load_engine))
        began = time.monotonic()
        work = threading.Thread(target=pod._work, name="work")
        work.start()
        told = [(share, *_told(report, moment)) for share, moment, report in _reports(pod, work, began, files)]
        work.join()
        took = time.monotonic() - began
    if (pod._outcome, len(told)) != (0, len(SHARES)):
        raise RuntimeError(f"the pod ended with {pod._outcome}, and foretold {len(told)} of {len(SHARES)} times")
    errors = {f"forecast_real_error_{share:.0%}".rstrip("%"): round((end - took) / took, 3) for share, end, _ in told}
    bands = {f"{share:.0%}": forecast for share, _, forecast in told}
    return {**errors, "detail": {"measured": machine, "seconds": round(took, 1), "forecasts": bands}}


def _reports(pod: Pod, work: threading.Thread, began: float, files: int) -> Iterator[tuple[float, float, ShardReport]]:
    """A report of the second in which each of SHARES was done."""
    shares = iter(SHARES)
    share = next(shares, None)
    while share is not None and work.is_alive():
        time.sleep(1)
        moment = time.monotonic() - began
        report = pod._desk.tally.report(Stage.TRANSCRIBING, "", START + timedelta(seconds=moment))
        if report.files.succeeded >= share * files:
            yield share, moment, report
            share = next(shares, None)


def _told(report: ShardReport, moment: float) -> tuple[float, dict[str, Any]]:
    """The end that the operator foretells by the report, in seconds from the start."""
    job = a_job().reconciled().started()
    fields = report.wire()
    views = {name: fields[name] for name in ("survey", "worked") if name in fields}
    audio = report.audio_seconds.processed, report.audio_seconds.total
    status = job.with_shard(reported=moment, **fields["files"], audio=audio, **views).reconciled(moment).status
    forecast: dict[str, Any] = status["forecast"]
    return (datetime.fromisoformat(forecast["endTime"]) - START).total_seconds(), forecast


if __name__ == "__main__":
    main()
