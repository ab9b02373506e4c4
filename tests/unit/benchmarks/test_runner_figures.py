"""The benchmark's own arithmetic: a figure is right, or it is not there."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bars import keys, table
from benchmarks.results import failed, loaded, merged, write
from benchmarks.runner.__main__ import PARTS
from benchmarks.runner.bars import BARS
from benchmarks.runner.hallucination import split_by_flag
from benchmarks.runner.leak import leak_ratio
from benchmarks.runner.process import CommandFailedError, session_memory, watched
from benchmarks.runner.sides import Setting, Side, command
from benchmarks.runner.speed import order, speedups
from benchmarks.runner.transcripts import normalised, word_error_rate, word_errors
from benchmarks.runner.word_errors import interval
from benchmarks.runner.wordless import KINDS, wordless


def test_speed_ups_are_of_medians_and_the_start_up_is_taken_off_both_sides() -> None:
    whole: dict[Side, list[float]] = {"ours": [30.0, 20.0, 90.0], "stock": [60.0, 61.0, 10.0]}
    startup: dict[Side, list[float]] = {"ours": [5.0, 5.0, 40.0], "stock": [10.0, 11.0, 10.0]}
    assert speedups("short", whole, startup) == {"short_speedup": 60 / 30, "short_speedup_steady": 50 / 25}


def test_a_command_that_took_no_longer_than_its_start_up_gives_no_figure() -> None:
    with pytest.raises(ValueError, match="took no longer than one file"):
        speedups("short", {"ours": [5.0], "stock": [50.0]}, {"ours": [5.0], "stock": [10.0]})


def test_the_sides_take_turns_at_going_first() -> None:
    assert [order(index)[0] for index in range(4)] == ["stock", "ours", "stock", "ours"]


def test_both_sides_are_told_the_same() -> None:
    setting = Setting(model="m", align_model="a", stock_threads=2)
    ours = command("ours", [Path("x.wav")], Path("out"), setting, "en")
    stock = command("stock", [Path("x.wav")], Path("out"), setting, "en")
    for option in ("model", "align_model", "device", "compute_type", "batch_size", "beam_size", "vad_method", "language"):
        assert ours[ours.index("--" + option.replace("_", "-")) + 1] == stock[stock.index("--" + option) + 1]
    assert "--language" not in command("stock", [Path("x.wav")], Path("out"), setting, None)


def test_a_leak_shows_in_the_last_quarter_and_what_fills_in_the_first_does_not() -> None:
    filling = [(float(second), min(second, 25)) for second in range(100)]
    assert leak_ratio(filling, 0, 100)[0] == 1.0
    growing = [(float(second), 1000 + second) for second in range(100)]
    assert leak_ratio(growing, 0, 100)[0] == pytest.approx(1087 / 1037, abs=0.001)


def test_a_leak_is_not_judged_without_samples_in_every_quarter() -> None:
    with pytest.raises(ValueError, match="no memory sample"):
        leak_ratio([(1.0, 10), (2.0, 10)], 0, 100)


def test_words_in_a_suspected_span_count_as_flagged() -> None:
    segments = [{"start": 0.0, "end": 2.0, "text": " Thanks, bye."}, {"start": 5.0, "end": 6.0, "text": "Hm."}]
    written = {"segments": segments, "transcription": {"suspected": [{"start": 1.0, "end": 3.0, "reasons": ["no-speech"]}]}}
    assert split_by_flag(written) == (["thanks", "bye"], ["hm"])
    assert split_by_flag({"segments": segments}) == ([], ["thanks", "bye", "hm"])


def test_text_is_compared_without_marks_case_and_unicode_form() -> None:
    assert normalised(" ¿Dónde está,  R&D? ") == "dónde está r d"
    assert word_error_rate(["Yes, please.", "no"], ["yes please", "know"]) == pytest.approx(1 / 3)


def test_the_errors_of_a_file_are_words_that_are_wrong_missing_or_too_many() -> None:
    assert word_errors("One, two, three four.", "one too three four five") == (2, 4)
    assert word_errors("one two three", "three") == (2, 3)


def test_a_difference_between_the_sides_is_as_sure_as_the_files_agree_on_it() -> None:
    low, high = interval([1] * 50, [10] * 50)
    assert (low, high) == (0.1, 0.1)
    low, high = interval([3, -3] * 25, [10] * 50)
    assert low < 0.0 < high


def test_measuring_one_part_again_leaves_the_others_and_their_detail() -> None:
    first = merged(BARS, loaded(Path("absent")), "leak", {"leak_ratio": 1.01234567}, {"files": 2000})
    both = merged(BARS, first, "growth", {"time_growth": 1.0, "memory_growth": 1.05}, {"few": 200})
    again = merged(BARS, both, "leak", {"leak_ratio": 1.2}, {"files": 10})
    assert again == {
        "time_growth": 1.0,
        "memory_growth": 1.05,
        "leak_ratio": 1.2,
        "detail": {"leak": {"files": 10}, "growth": {"few": 200}},
    }


def test_a_part_that_fails_leaves_no_old_figure_behind() -> None:
    first = merged(BARS, {"detail": {}}, "leak", {"leak_ratio": 1.0}, {})
    assert failed(BARS, first, "leak", "stock ended with 1", {}) == {"detail": {"leak": {"failed": "stock ended with 1"}}}


def test_a_part_must_give_exactly_its_figures() -> None:
    with pytest.raises(ValueError, match="growth gave"):
        merged(BARS, {"detail": {}}, "growth", {"time_growth": 1.0}, {})


def test_every_part_has_its_figures_but_those_that_only_explain() -> None:
    assert {part for part in PARTS if not keys(BARS, part)} == {"ceiling", "detected_language"}
    assert {bar.part for bar in BARS} <= set(PARTS)


def test_results_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "figures" / "runner.json"
    write(path, {"leak_ratio": 1.0, "detail": {}})
    assert loaded(path) == json.loads(path.read_text()) == {"leak_ratio": 1.0, "detail": {}}
    assert [child.name for child in path.parent.iterdir()] == ["runner.json"]


def test_bars_compare_with_numbers_with_other_figures_and_with_the_gpu_s_own() -> None:
    bar = {one.key: one for one in BARS}
    assert bar["short_speedup"].met({"short_speedup": 1.6}) is True
    assert bar["short_speedup_steady"].met({"short_speedup_steady": 3.0}) is True
    assert bar["short_speedup_steady"].met({"short_speedup_steady": 3.0}, gpu=True) is False
    assert bar["wer_ours"].met({"wer_ours": 0.25, "wer_stock": 0.25}) is True
    assert bar["wer_ours"].met({"wer_ours": 0.26, "wer_stock": 0.25}) is False
    assert bar["wer_ours"].met({"wer_ours": 0.25}) is None
    assert bar["leak_ratio"].met({"leak_ratio": 1.06}) is False
    assert bar["der"].met({}) is None


def test_the_table_names_every_figure_and_says_what_is_not_met() -> None:
    lines = table(BARS, {"leak_ratio": 1.5, "wer_stock": 0.2}).splitlines()
    assert len(lines) == 1 + len(BARS)
    assert next(line for line in lines if line.startswith("leak_ratio")).split()[-1] == "NO"
    assert next(line for line in lines if line.startswith("wer_stock")).endswith("for comparison")
    assert next(line for line in lines if line.startswith("der")).endswith("not measured")
    assert keys(BARS, "growth") == ("time_growth", "memory_growth")


def test_wordless_sounds_are_the_same_each_time_and_within_full_scale() -> None:
    for index in range(len(KINDS)):
        name, sound = wordless(index, 7)
        assert np.array_equal(sound, wordless(index, 7)[1])
        assert 10 * 16_000 <= len(sound) <= 30 * 16_000
        assert np.abs(sound).max() <= 1.0
        assert (np.abs(sound).max() == 0) == (name == "silence")


def test_a_command_s_time_and_memory_include_what_it_starts(tmp_path: Path) -> None:
    child = "import time; held = bytearray(40_000_000); held[::4096] = b'x' * len(held[::4096]); time.sleep(0.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    used = watched([sys.executable, "-c", parent], os.environ, tmp_path / "log", every=0.02)
    assert used.wall_seconds >= 0.3
    assert used.peak_bytes > 45_000_000
    assert 0 < used.cpu_seconds


def test_a_command_that_fails_is_an_error_that_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"(?s)ended with 3.*no such model"):
        watched([sys.executable, "-c", "print('no such model'); raise SystemExit(3)"], {}, tmp_path / "log")


def test_a_command_over_its_limit_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    sleeper = (
        "import pathlib, subprocess; child = subprocess.Popen(['sleep', '60']);"
        f"pathlib.Path({str(pid)!r}).write_text(str(child.pid)); child.wait()"
    )
    with pytest.raises(CommandFailedError, match="ran over"):
        watched([sys.executable, "-c", sleeper], os.environ, tmp_path / "log", limit_seconds=2.0)
    state = Path("/proc", pid.read_text(), "stat")
    deadline = time.monotonic() + 5
    while state.exists() and state.read_text().split()[2] not in "ZX" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_memory_of_a_session_that_is_gone_is_nothing() -> None:
    done = subprocess.Popen(["true"], start_new_session=True)
    done.wait()
    assert session_memory(done.pid) == 0
