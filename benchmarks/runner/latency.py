"""What does a distant store cost? One pod over 200 files of about 5 s: its throughput at 30 ms a round trip over that at none.

python -m benchmarks.runner.latency --output FILE

The store is in memory and sleeps before each answer, so that nothing but the waiting differs. The models are loaded once, before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from threading import Lock

from transcription_api.ledger import Worker
from transcription_api.manifest import Manifest
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.batch.shard import SpeechEngine
from transcription_runner.batch.termination import ENV_TERMINATION_LOG
from transcription_runner.limits import Limits
from transcription_runner.store.port import ObjectInfo, ObjectMissingError, ObjectRefusedError
from transcription_runner.surroundings import available_threads, prepare_surroundings

from .corpus import Recording, recordings
from .sides import FORMATS, WORK, Setting, environment

FILES, SECONDS = 200, 5.0
ROUND_TRIP_SECONDS = 0.03
ROUNDS = 3
KEYS_IN_A_PAGE = 1000
BUCKET = "calls"


class DistantStore:
    """See store.port.Store: objects in memory, each answer `round_trip_seconds` away. `calls` counts them by method."""

    def __init__(self, round_trip_seconds: float, objects: dict[str, bytes]) -> None:
        self._round_trip = round_trip_seconds
        self._objects = objects
        self._lock = Lock()
        self.calls: Counter[str] = Counter()

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """See Store; a round trip for each page."""
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix) and key > start_after)
        for first in range(0, max(1, len(keys)), KEYS_IN_A_PAGE):
            self._travel("list")
            for key in keys[first : first + KEYS_IN_A_PAGE]:
                if (content := self._objects.get(key)) is not None:
                    yield _info(key, content)

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """See Store."""
        self._travel("stat")
        return _info(key, self._content(key))

    def get(self, bucket: str, key: str) -> bytes:
        """See Store."""
        self._travel("get")
        return self._content(key)

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        """See Store."""
        self._travel("fetch")
        content = self._content(key)
        if len(content) > limit:
            raise ObjectRefusedError("TooLarge", f"the object has {len(content)} bytes; at most {limit} are taken")
        target.write_bytes(content)
        return _info(key, content)

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        """See Store."""
        self._travel("put")
        with self._lock:
            self._objects[key] = content

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """See Store."""
        self.put(bucket, key, b"".join(parts()), media_type)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """See Store."""
        self._travel("put_if_absent")
        with self._lock:
            absent = key not in self._objects
            self._objects.setdefault(key, content)
            return absent

    def delete(self, bucket: str, key: str) -> None:
        """See Store."""
        self._travel("delete")
        with self._lock:
            self._objects.pop(key, None)

    def _content(self, key: str) -> bytes:
        content = self._objects.get(key)
        if content is None:
            raise ObjectMissingError(key)
        return content

    def _travel(self, method: str) -> None:
        self.calls[method] += 1
        if self._round_trip:
            time.sleep(self._round_trip)


def _info(key: str, content: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())


def configuration(setting: Setting) -> RunnerConfig:
    """One pod over `in/`, outputs in all formats below `out/`."""
    return RunnerConfig.model_validate(
        {
            "job": {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": "calls-1", "parallelism": 1},
            "source": {"bucket": BUCKET, "prefix": "in/"},
            "output": {"bucket": BUCKET, "prefix": "out/", "formats": list(FORMATS)},
            "endpoint": "http://127.0.0.1:1",
            "model": {"name": setting.model, "computeType": setting.compute_type, "batchSize": setting.batch_size},
            "recipe": {
                "language": "en",
                "decoding": {"beamSize": setting.beam_size},
                "alignment": {"model": setting.align_model},
            },
            "device": setting.device,
        }
    )


def seconds_of(
    config: RunnerConfig, engine: SpeechEngine, contents: dict[str, bytes], round_trip_seconds: float
) -> tuple[float, Counter[str]]:
    """How long a pod takes over these files, and what it asked of its store. Raises RuntimeError unless all were transcribed."""
    objects = dict(contents)
    store = DistantStore(round_trip_seconds, objects)
    pod = Pod(config, Worker(job_name="calls-1", shard=0, pod_name="calls-1-0"), Means(store, Limits(), lambda _: engine))
    began = time.monotonic()
    code = pod.run()
    elapsed = time.monotonic() - began
    written = Manifest.model_validate_json(objects["out/_manifest-calls.json"]) if code is ExitCode.DONE else None
    if written is None or written.counts.succeeded != len(contents):
        raise RuntimeError(f"the pod ended with {code!r}, and {written.counts if written else 'no manifest'}")
    return elapsed, store.calls


def nearest(files: Sequence[Recording], count: int, seconds: float) -> list[Recording]:
    """The `count` files whose lengths are nearest to `seconds`."""
    return sorted(files, key=lambda file: (abs(file.seconds - seconds), file.path.name))[:count]


def main() -> None:
    """Measure near and far in turns; the figure is of the medians."""
    arguments = _arguments()
    setting = Setting(model=arguments.model)
    os.environ |= environment() | {ENV_TERMINATION_LOG: str(WORK / "latency-termination-log")}
    prepare_surroundings()
    config = configuration(setting)
    files = nearest(recordings("short", 2000), FILES, SECONDS)
    contents = {f"in/{file.path.name}": file.path.read_bytes() for file in files}
    engine = _engine(config)
    seconds_of(config, engine, dict(list(contents.items())[:20]), 0.0)  # what is compiled and allocated at first
    took: dict[float, list[float]] = {0.0: [], ROUND_TRIP_SECONDS: []}
    calls: Counter[str] = Counter()
    for turn in range(ROUNDS):
        for round_trip in sorted(took, reverse=bool(turn % 2)):
            elapsed, calls = seconds_of(config, engine, contents, round_trip)
            took[round_trip].append(elapsed)
    near, far = median(took[0.0]), median(took[ROUND_TRIP_SECONDS])
    detail = {
        "files": len(files),
        "mean_seconds_of_a_file": round(sum(file.seconds for file in files) / len(files), 2),
        "round_trip_seconds": ROUND_TRIP_SECONDS,
        "model": setting.model,
        "calls_to_the_store": dict(calls),
        "seconds_without_latency": [round(one, 2) for one in took[0.0]],
        "seconds_with_latency": [round(one, 2) for one in took[ROUND_TRIP_SECONDS]],
    }
    arguments.output.write_text(
        json.dumps({"latency_throughput_ratio": near / far, "detail": detail}, indent=1), encoding="utf-8"
    )


def _engine(config: RunnerConfig) -> SpeechEngine:
    from transcription_runner.engine.engine import Engine

    folder = Path(tempfile.gettempdir())
    longest = Limits().audio_seconds
    return Engine(config.model, config.device, scratch=folder, longest_seconds=longest, threads=available_threads())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runner.latency", description="throughput beside a distant store")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", default=Setting().model, metavar="NAME", help="default: the small model, the harder case")
    return parser.parse_args()


if __name__ == "__main__":
    main()
