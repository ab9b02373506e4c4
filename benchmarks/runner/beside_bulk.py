"""Somebody waits while long files are in work: requests of 5 s, one every 2 s, to one engine in one process.

python -m benchmarks.runner.beside_bulk --output FILE

First on an idle engine; then bulk alone; then both. `interactive_p95_ratio`: the 95th percentile of the requests' times beside
bulk over that on the idle engine. `bulk_kept`: how much audio bulk recognises in a second beside requests, over how much alone.

Bulk searches whole files for speech ahead of the recogniser, and recognises little meanwhile: so it is watched from the end of
its first file on, and over several files.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import natural
from .real import setting
from .sides import environment

if TYPE_CHECKING:
    from transcription_api.transcript import Transcript
    from transcription_runner.engine.engine import Engine
    from transcription_runner.engine.work import Piece, Work

LONG_FILES = 50
IDLE_REQUESTS = 15
REQUESTS = 90
EVERY_SECONDS = 2.0
BULK_SECONDS = REQUESTS * EVERY_SECONDS
"""How long bulk is watched alone; beside requests it is as long as they take."""

BATCH_SPREAD_SECONDS = 0.3
"""The chunks of one batch are told within this time."""
PATIENCE_SECONDS = 300.0
"""A batch of bulk's, and its first file, ends within this time, or something is wrong."""


class Heard:
    """A watch that keeps when how much of bulk's audio was recognised."""

    def __init__(self) -> None:
        self._moments: list[tuple[float, float]] = []
        self._seconds: dict[Any, float] = {}
        self._lock = threading.Lock()

    def opened(self, work: Work, seconds: float) -> None:
        """Nothing to keep."""

    def heard(self, work: Work, seconds: float) -> None:
        """So much of a file is recognised."""
        with self._lock:
            self._moments.append((time.monotonic(), seconds - self._seconds.get(work.tag, 0.0)))
            self._seconds[work.tag] = seconds

    def piece(self, work: Work, piece: Piece) -> None:
        """Nothing to keep."""

    @property
    def moments(self) -> list[tuple[float, float]]:
        """(monotonic time, seconds of audio recognised at that moment)."""
        with self._lock:
            return [*self._moments]


def rate(moments: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """Seconds of audio recognised in a second, between two times.

    Chunks of a batch are told together, and a batch may take a quarter of the span: so its work counts as spread evenly over the
    time since the batch before. Raises ValueError unless a batch ended before `begin`, and one after `end`.
    """
    times, sums = list[float](), list[float]()
    for moment, seconds in moments:
        if times and moment - times[-1] < BATCH_SPREAD_SECONDS:
            times[-1], sums[-1] = moment, sums[-1] + seconds
        else:
            times.append(moment)
            sums.append(seconds + (sums[-1] if sums else 0.0))
    if not times or times[0] > begin or times[-1] < end:
        raise ValueError("bulk was not at work over the whole span")
    return float(np.interp(end, times, sums) - np.interp(begin, times, sums)) / (end - begin)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed. Raises ValueError without values."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, int(np.ceil(share * len(values))) - 1)]


def waited(submit: Callable[[int], Future[Transcript]], count: int, every: float) -> list[float]:
    """Submit a request `every` so many seconds, whether or not earlier ones are done; how long each took, in seconds.

    Raises what a request raises.
    """
    began, took = time.monotonic(), [0.0] * count
    futures: list[Future[Transcript]] = []
    for number in range(count):
        time.sleep(max(0.0, began + number * every - time.monotonic()))
        sent = time.monotonic()
        future = submit(number)

        def done(_: Future[Transcript], number: int = number, sent: float = sent) -> None:
            took[number] = time.monotonic() - sent

        future.add_done_callback(done)
        futures.append(future)
    for future in futures:
        future.result(timeout=300)
    return took


@contextmanager
def bulk(engine: Engine, works: Sequence[Work], watch: Heard) -> Iterator[threading.Event]:
    """The works in the bulk lane while the block runs, which is told when the first is done; what is then left is given up.

    Raises what they raise.
    """
    first, ended, failures = threading.Event(), threading.Event(), list[BaseException]()

    def through() -> None:
        try:
            with closing(engine.transcribe(works, watch)) as results:  # type: ignore[type-var]
                for result in results:
                    if result.fault is not None:
                        raise result.fault
                    first.set()
                    if ended.is_set():
                        return
            if not ended.is_set():
                raise RuntimeError("bulk ended while it was watched: give it more files")
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=through, daemon=True)
    thread.start()
    yield first
    ended.set()
    if failures:
        raise failures[0]


def _await_batch(watch: Heard, since: float) -> None:
    """Wait until bulk has recognised a whole batch after this moment. Raises RuntimeError when it does not come."""
    while not watch.moments or watch.moments[-1][0] < since or time.monotonic() < watch.moments[-1][0] + BATCH_SPREAD_SECONDS:
        if time.monotonic() > since + PATIENCE_SECONDS:
            raise RuntimeError(f"bulk recognised nothing for {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description="interactive requests beside bulk work")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    from transcription_api.runner_config import Recipe, ResolvedModel
    from transcription_api.speech import ComputeType
    from transcription_runner.engine.engine import Engine
    from transcription_runner.engine.work import Lane, Work
    from transcription_runner.surroundings import available_threads, prepare_surroundings

    prepare_surroundings()
    chosen, sounds, long = setting(), [samples for samples, _ in natural.five_seconds()], natural.long()
    recipe = Recipe.model_validate(
        {"language": "en", "alignment": {"enabled": False}, "decoding": {"beam_size": chosen.beam_size}}
    )
    model = ResolvedModel(name=chosen.model, compute_type=ComputeType(chosen.compute_type), batch_size=chosen.batch_size)
    works = [Work(long[place % len(long)].path, recipe, tag=place) for place in range(LONG_FILES)]
    watch = Heard()
    with Engine(model, chosen.device, threads=available_threads()) as engine:

        def submit(number: int) -> Future[Transcript]:
            return engine.submit(Work(sounds[number % len(sounds)], recipe, lane=Lane.INTERACTIVE))

        waited(submit, 3, EVERY_SECONDS)  # compiles, and fills caches
        idle = waited(submit, IDLE_REQUESTS, EVERY_SECONDS)
        stages_idle = engine.stage_seconds
        with bulk(engine, works, watch) as first:
            if not first.wait(PATIENCE_SECONDS):
                raise RuntimeError(f"bulk did not end a file within {PATIENCE_SECONDS:.0f} s")
            begin = time.monotonic()
            time.sleep(BULK_SECONDS)
            turned = time.monotonic()
            busy = waited(submit, REQUESTS, EVERY_SECONDS)
            ended = time.monotonic()
            _await_batch(watch, ended)
        stages = engine.stage_seconds
    alone, beside = rate(watch.moments, begin, turned), rate(watch.moments, turned, ended)
    detail = {
        "setting": asdict(chosen),
        "requests": REQUESTS,
        "long_files": LONG_FILES,
        "seconds_each_long": round(long[0].seconds),
        "idle_seconds": [round(one, 3) for one in idle],
        "beside_seconds": [round(one, 3) for one in busy],
        "idle_p50_p95": [round(percentile(idle, share), 3) for share in (0.5, 0.95)],
        "beside_p50_p95": [round(percentile(busy, share), 3) for share in (0.5, 0.95)],
        "bulk_audio_seconds_per_second": {"alone": round(alone, 2), "beside": round(beside, 2)},
        "bulk_by_half_minute": [round(rate(watch.moments, at, at + 30), 1) for at in np.arange(begin, ended - 30, 30.0)],
        "stage_seconds_of_requests_alone": stages_idle,
        "stage_seconds": stages,
        "load_average_after": [round(load, 2) for load in os.getloadavg()],
    }
    figures = {"interactive_p95_ratio": percentile(busy, 0.95) / percentile(idle, 0.95), "bulk_kept": beside / alone}
    output.write_text(json.dumps(figures | {"detail": detail}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
