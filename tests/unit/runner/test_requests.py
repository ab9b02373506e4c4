"""Requests side by side on one engine, without a model: futures, lanes, cancelling, and what everybody is told."""

import time
from concurrent.futures import CancelledError

import pytest

from tests.unit.runner.scripted import Scripted, ScriptedEngine, failing, works
from transcription_runner.engine.work import Lane, Work
from transcription_runner.errors import DeviceError, FileError


def test_a_submitted_work_is_a_future() -> None:
    with ScriptedEngine(Scripted(decode=failing("2x1", error=FileError("DamagedAudio", "cut off")))) as engine:
        assert engine.submit(Work("1x2")).result(5).segments[0].text == "1.0"
        with pytest.raises(FileError):
            engine.submit(Work("2x1")).result(5)


def test_a_short_interactive_work_does_not_wait_for_a_long_one_in_any_lane() -> None:
    stages = Scripted(batch=2, recognise=lambda _: time.sleep(0.01))
    with ScriptedEngine(stages) as engine:
        bulk = engine.transcribe(works(*[f"{number}x50" for number in range(20)]))
        next(bulk)
        long = engine.submit(Work("900x300", lane=Lane.INTERACTIVE))
        time.sleep(0.05)
        began = time.monotonic()
        engine.submit(Work("901x1", lane=Lane.INTERACTIVE)).result(5)
        assert time.monotonic() - began < 0.5
        assert not long.done()


def test_a_cancelled_work_frees_its_place_within_one_window() -> None:
    stages = Scripted(batch=1, recognise=lambda _: time.sleep(0.01))
    with ScriptedEngine(stages) as engine:
        long = engine.submit(Work("1x500"))
        while not stages.batches:
            time.sleep(0.001)
        assert long.cancel()
        time.sleep(0.1)
        done = len(stages.batches)
        time.sleep(0.1)
        assert len(stages.batches) == done
        with pytest.raises(CancelledError):
            long.result(1)
        assert engine.submit(Work("2x1")).result(5)


def test_a_dead_device_is_told_to_everybody_who_waits_and_to_all_who_come_later() -> None:
    dead = failing("2.0", error=RuntimeError("cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"))
    with ScriptedEngine(Scripted(batch=1, recognise=dead)) as engine:
        futures = [engine.submit(Work(name)) for name in ("2x1", "3x400")]
        for future in futures:
            with pytest.raises(DeviceError):
                future.result(5)
        with pytest.raises(DeviceError):
            engine.submit(Work("4x1"))


def test_closing_tells_those_who_still_wait() -> None:
    engine = ScriptedEngine(Scripted(batch=1, recognise=lambda _: time.sleep(0.01)))
    future = engine.submit(Work("1x500"))
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        future.result(1)


def test_a_closed_engine_says_so() -> None:
    engine = ScriptedEngine(Scripted())
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(Work("1x1"))
