"""The measuring of a distant store: one pod, the same files, and no figure where not all of them were transcribed."""

from pathlib import Path

import pytest

from benchmarks.runner.corpus import Recording
from benchmarks.runner.latency import DistantStore, configuration, nearest, seconds_of
from benchmarks.runner.sides import Setting
from tests.unit.runner.pods import ReadingEngine

CONFIG = configuration(Setting())


@pytest.fixture(autouse=True)
def _termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(tmp_path / "termination-log"))


def test_a_pod_works_through_all_files_and_its_calls_are_counted() -> None:
    contents = {f"in/{number}.wav": b"sound" for number in range(6)}
    elapsed, calls = seconds_of(CONFIG, ReadingEngine(), contents, 0.01)
    assert elapsed > 8 * 0.01
    assert (calls["fetch"], calls["put_if_absent"]) == (6, 7), "a claim for each file, and one for the manifest"
    assert calls["put"] >= 6 * 6 + 1, "five outputs and a ledger entry each, and the manifest"
    assert list(contents) == [f"in/{number}.wav" for number in range(6)], "each round begins with the sources alone"


def test_a_file_that_fails_gives_no_figure() -> None:
    with pytest.raises(RuntimeError, match="failed=1"):
        seconds_of(CONFIG, ReadingEngine(), {"in/a.wav": b"bad", "in/b.wav": b"sound"}, 0.0)


def test_of_two_claims_one_wins() -> None:
    store = DistantStore(0.0, {})
    assert store.put_if_absent("calls", "claim", b"same")
    assert not store.put_if_absent("calls", "claim", b"same")


def test_the_files_nearest_to_a_length_are_taken() -> None:
    files = [
        Recording(Path(f"{name}.wav"), seconds, "en", "") for name, seconds in zip("abcd", (9.0, 5.1, 3.0, 4.8), strict=True)
    ]
    assert [file.path.stem for file in nearest(files, 2, 5.0)] == ["b", "d"]
