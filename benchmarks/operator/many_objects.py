"""A prefix with 200,000 small objects: when is the first transcript there, what does the listing take, how large is the status?

One pod's process (`transcription-runner run`, small models) on a MinIO of its own, over one folder of short sounds. The first few
and the last in the listing's order are speech, the others a fifth of a second of silence; nobody waits until all are transcribed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.crowded import filled, ledger_written, spoken_last
from tests.integration.runner.pods import RunnerPod, configuration
from tests.integration.runner.servers import Account, Minio
from transcription_api.ledger import packed_key
from transcription_api.termination import TerminationMessage

from ..measuring import ROOT, Measured
from .reported import status_kb
from .usage import cpu_seconds, peak_mb

_OBJECTS = 200_000
_FEW = 100
_PODS = 64
_TOGETHER = 300
_LONGEST = 1800.0
_WITHOUT_PACK_SECONDS = 30.0


@dataclass(frozen=True)
class _Run:
    """What became of a pod that was stopped, or ended by itself."""

    first_transcript: float | None
    """Seconds from the start of the process."""
    cpu_until_then: float
    """Seconds of CPU that the process had taken by then, whatever else the machine did."""
    seconds: float
    peak_mb: float
    files: dict[str, int]
    """Its last report's: total, succeeded, skipped, failed."""
    done: tuple[str, ...]
    """Keys that it transcribed."""


class _Pods:
    """Starts pods over one bucket."""

    def __init__(self, folder: Path, account: Account, bucket: Bucket) -> None:
        self._folder, self._account, self._bucket = folder, account, bucket
        self._made = 0

    def config(self, run: str, **more: Any) -> dict[str, Any]:
        job = {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": f"calls-{run}", "runId": run}
        return configuration(self._bucket, job=job, **more)

    def start(self, config: dict[str, Any], index: int = 0) -> RunnerPod:
        self._made += 1
        folder = self._folder / f"pod{self._made}"
        return RunnerPod(folder, config, self._account.access_key, self._account.secret_key, ROOT / "models", index)

    def run(self, config: dict[str, Any], until: Callable[[str], bool] | None = None) -> _Run:
        """A pod alone, stopped once its log says enough; its files must be those of the source, or the figure is none."""
        began = time.monotonic()
        pod = self.start(config)
        first, peak, cpu = None, 0.0, 0.0
        try:
            while pod.process.poll() is None:
                peak = max(peak, _peak_mb(pod))
                said = pod.log()
                if first is None and "INFO done:" in said:
                    first, cpu = time.monotonic() - began, cpu_seconds(pod.process.pid)
                if time.monotonic() - began > _LONGEST:
                    raise TimeoutError(f"the pod is not there yet after {_LONGEST:.0f} s:\n{said[-1500:]}")
                if until is not None and until(said):
                    pod.terminate()
                    pod.ended()
                time.sleep(0.05)
        finally:
            pod.kill()
        return ended(pod, first, cpu, time.monotonic() - began, peak)


def ended(pod: RunnerPod, first: float | None, cpu: float, seconds: float, peak: float) -> _Run:
    """What an ended pod says of itself. Raises RuntimeError for one that ended wrongly."""
    if pod.process.returncode not in (0, 75):
        raise RuntimeError(f"the pod ended with {pod.process.returncode}:\n{pod.log()[-1500:]}")
    report = TerminationMessage.model_validate(pod.last_words()).report
    return _Run(first, cpu, seconds, peak, report.files.model_dump() if report else {}, done_keys(pod.log()))


def done_keys(log: str) -> tuple[str, ...]:
    """The files that a pod's log calls done."""
    return tuple(line.partition("INFO done: ")[2].rpartition(" (")[0] for line in log.splitlines() if "INFO done: " in line)


def measured(size: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """All three figures, at `size` times 200,000 objects."""
    objects = max(2 * _FEW, round(_OBJECTS * size))
    server = Minio(folder / "store")
    (folder / "store").mkdir()
    server.start()
    try:
        few, many = (Bucket(*_address(server.account), name) for name in ("few", "many"))
        for bucket, number in ((few, _FEW), (many, objects)):
            bucket.make()
            took = filled(bucket, number)
            say(f"{number} objects in {took:.0f} s")
        return _measured(folder, server.account, few, many, objects, say)
    finally:
        server.kill()


def _measured(folder: Path, account: Account, few: Bucket, many: Bucket, objects: int, say: Callable[[str], None]) -> Measured:
    enough = _said_often("INFO done:", _FEW)
    counted = f"the source has {objects} files"
    beside = _Pods(folder / "few", account, few)
    pods = _Pods(folder / "many", account, many)
    small = beside.run(beside.config("1"))
    small_again = beside.run(beside.config("2"))
    fresh = pods.run(pods.config("1"), lambda said: counted in said and enough(said))
    if fresh.files["total"] != objects or fresh.first_transcript is None:
        raise RuntimeError(f"the pod did not see all {objects} objects: {fresh.files}")
    say(f"nothing done: first transcript after {fresh.first_transcript:.1f} s")
    detail: dict[str, Any] = {
        "objects": objects,
        "seconds_to_first_transcript_with_nothing_done": round(fresh.first_transcript, 2),
        "of_which_cpu_of_the_process_with_nothing_done": round(fresh.cpu_until_then, 2),
        "the_same_with_100_objects": round(small.first_transcript or 0, 2),
        "peak_mb_with_nothing_done": round(fresh.peak_mb, 1),
        "peak_mb_with_nothing_done_of_100_objects": round(small.peak_mb, 1),
    }
    detail["two_pods"] = _two(pods, say)
    for prefix in ("out/", "pair/"):
        many.remove_below(prefix)
    took = ledger_written(many, account, pods.config("1"), objects, folder)
    say(f"{objects} ledger entries in {took:.0f} s")
    spoken_last(many, objects)
    last = pods.run(pods.config("2"))
    if last.files["succeeded"] != 1 or last.files["skipped"] != objects or last.first_transcript is None:
        raise RuntimeError(f"one new file and {objects} old ones were expected: {last.files}")
    nothing = pods.run(pods.config("3"))
    say(f"all done but the last: first transcript after {last.first_transcript:.1f} s; nothing to do: {nothing.seconds:.1f} s")
    sizes = {number: round(status_kb(number, objects), 2) for number in (1, _PODS, 256)}
    many.delete(packed_key("out/", many.name, "in/"))
    began = time.monotonic()
    without = pods.run(pods.config("4"), lambda _: time.monotonic() - began > _WITHOUT_PACK_SECONDS)
    detail |= {
        "seconds_to_first_transcript_with_the_last_alone_new": round(last.first_transcript, 2),
        "of_which_cpu_of_the_process_with_the_last_alone_new": round(last.cpu_until_then, 2),
        "seconds_of_that_run": round(last.seconds, 1),
        "seconds_of_a_run_with_nothing_to_do": round(nothing.seconds, 1),
        "peak_mb_with_nothing_to_do": round(nothing.peak_mb, 1),
        "peak_mb_with_nothing_to_do_of_100_objects": round(small_again.peak_mb, 1),
        "entries_asked_for_in_30_seconds_without_a_packed_ledger": without.files["skipped"],
        "status_kb_of_pods": sizes,
    }
    figures = {
        "first_transcript_seconds_200k": max(fresh.first_transcript, last.first_transcript),
        "status_kb_200k": sizes[_PODS],
        "runner_listing_rss_growth_mb": nothing.peak_mb - small_again.peak_mb,
    }
    return figures, detail


def _two(pods: _Pods, say: Callable[[str], None]) -> dict[str, Any]:
    """Two pods side by side over the same prefix, until they have done some files together."""
    config = pods.config("pair", output={"bucket": pods.config("1")["source"]["bucket"], "prefix": "pair/", "formats": ["json"]})
    config["job"]["parallelism"] = 2
    began = time.monotonic()
    both = [pods.start(config, index) for index in range(2)]
    try:
        while sum(len(done_keys(pod.log())) for pod in both) < _TOGETHER:
            if time.monotonic() - began > _LONGEST or any(pod.process.poll() is not None for pod in both):
                raise RuntimeError(f"two pods did not do {_TOGETHER} files:\n{both[0].log()[-1500:]}")
            time.sleep(0.1)
        took = time.monotonic() - began
        for pod in both:
            pod.terminate()
        for pod in both:
            pod.ended()
    finally:
        for pod in both:
            pod.kill()
    done = [done_keys(pod.log()) for pod in both]
    twice = sum(map(len, done)) - len(set().union(*done))
    say(f"two pods: {len(done[0])} and {len(done[1])} files in {took:.0f} s, {twice} of them twice")
    return {"files": [len(keys) for keys in done], "files_done_twice": twice, "seconds": round(took, 1)}


def _said_often(words: str, times: int) -> Callable[[str], bool]:
    return lambda said: said.count(words) >= times


def _peak_mb(pod: RunnerPod) -> float:
    try:
        return peak_mb(pod.process.pid)
    except (OSError, StopIteration):  # it ends just now
        return 0.0


def _address(account: Account) -> tuple[str, str, str]:
    return account.endpoint, account.access_key, account.secret_key
