"""The parts on real Whisper: which commands run, whose words are whose, and what a figure is made of."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bars import Bar, keys
from benchmarks.runner.bars import BARS
from benchmarks.runner.beside_bulk import percentile, rate, waited
from benchmarks.runner.corpus import Recording, kept
from benchmarks.runner.real import error_rate, words_of
from benchmarks.runner.real_speech import COMPARED, SPEEDS, Case, by_length, cases, word_errors
from benchmarks.runner.sides import Setting, command
from benchmarks.runner.split import judged, strangers


def _recording(name: str, seconds: float, text: str) -> Recording:
    return Recording(Path(f"{name}.wav"), seconds, "en", text)


def test_without_word_times_neither_side_aligns_and_with_them_ours_takes_its_own() -> None:
    def line(side: Any, words: Any) -> list[str]:
        return command(side, [Path("x.wav")], Path("out"), Setting(words=words), "en")

    assert "--no-align" in line("ours", "none")
    assert "--no_align" in line("stock", "none")
    timed = line("ours", "attention")
    assert timed[timed.index("--align-method") + 1] == "attention"
    assert "--no-align" not in timed
    assert not {"--align-model", "--align_model"} & {*timed, *line("stock", "none")}


def test_stock_is_never_asked_for_what_it_cannot_do() -> None:
    for setting in (Setting(words="attention"), Setting(only_ours=("--channels", "split"))):
        with pytest.raises(ValueError, match="stock whisperx has no"):
            command("stock", [Path("x.wav")], Path("out"), setting, "en")


def test_each_round_runs_a_command_once_and_the_sides_take_turns() -> None:
    first = cases(["real_short", "real_words"], 0)
    assert first == [Case("short", "stock"), Case("short", "ours", "attention"), Case("short", "ours")]
    assert [case.side for case in cases(["real_short", "real_words"], 1)] == ["ours", "ours", "stock"]


def test_each_timed_part_gives_its_speed_up_and_nothing_else() -> None:
    assert [keys(BARS, part) for part in SPEEDS] == [(f"{part}_speedup",) for part in SPEEDS]


def test_texts_are_compared_in_the_first_round_alone() -> None:
    assert set(cases(["real_wer"], 0)) == set(COMPARED)
    assert cases(["real_wer"], 1) == []


def test_words_are_compared_with_numbers_as_digits_and_without_contractions_marks_and_case() -> None:
    assert words_of("It's twenty-one, or FOURTEEN.") == ["it", "is", "21", "or", "14"]
    assert error_rate(["I paid forty two dollars."], ["I paid $42."]) == 0
    assert error_rate(["we are here now"], ["we are here"]) == pytest.approx(0.25)


def test_word_errors_are_told_by_set_by_length_and_by_side() -> None:
    files = {
        "short": [_recording("a", 5.0, "yes we do"), _recording("b", 12.0, "no they will not go")],
        "sentences": [_recording("c", 4.0, "come in")],
        "long": [_recording("d", 900.0, "good morning to you all")],
    }
    right = {name: [file.text for file in some] for name, some in files.items()}
    texts: dict[Case, Sequence[str]] = {case: right[case.files] for case in COMPARED}
    texts[Case("short", "ours")] = ["yes we do", "no they will go"]
    figures, detail = word_errors(files, texts)
    assert figures == {"real_wer_ours": pytest.approx(1 / 15), "real_wer_stock": 0.0}
    assert set(figures) == set(keys(BARS, "real_wer"))
    assert detail["ours"]["wer_by_set"] == {"short": 0.125, "sentences": 0.0, "long": 0.0}
    assert [row["file"] for row in detail["differing"]] == ["b.wav"]
    assert detail["ours"]["wer_by_length"]["0 to 6 s, 2 files"] == 0.0


def test_a_length_without_files_has_no_rate() -> None:
    assert list(by_length([(_recording("a", 7.0, "yes"), "yes")])) == ["6 to 10 s, 1 files"]


AGENT = "good morning thank you for calling how can I help you"
CUSTOMER = "my washing machine makes a strange noise when it is cold"


def _words(text: str, speaker: str | None) -> list[dict[str, Any]]:
    return [{"word": word, "speaker": speaker} for word in text.split()]


def test_words_of_the_other_side_are_found_and_words_that_nobody_said_are_not_the_other_side_s() -> None:
    own, other = AGENT.lower().split(), CUSTOMER.lower().split()
    assert strangers(own, own, other) == 0
    assert strangers([*own, *other[:4]], own, other) == 4
    assert strangers(["good", "evening", "tank", "you"], own, other) == 0


def test_a_speaker_is_right_only_with_the_words_of_its_own_side() -> None:
    said = {"agent": AGENT, "customer": CUSTOMER}
    both = len(AGENT.split()) + len(CUSTOMER.split())
    assert judged([*_words(AGENT, "agent"), *_words(CUSTOMER, "customer")], said) == (both, both)
    assert judged([*_words(AGENT, "customer"), *_words(CUSTOMER, "agent")], said) == (0, both)
    assert judged([*_words(AGENT, None), *_words(CUSTOMER, "customer")], said) == (len(CUSTOMER.split()), both)
    mixed_in = [*_words(AGENT + " washing machine makes", "agent"), *_words(CUSTOMER, "customer")]
    assert judged(mixed_in, said) == (both, both + 3)


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([float(value) for value in range(1, 101)], 0.95) == 95.0
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_batch_counts_as_worked_on_since_the_batch_before() -> None:
    batches = [(moment + place * 0.01, 30.0) for moment in (10.0, 20.0, 30.0, 40.0) for place in range(4)]
    assert rate(batches, 12.0, 37.0) == pytest.approx(12.0, rel=0.01)
    halved = [(moment, 30.0) for moment in (10.0, 20.0, 30.0, 50.0, 70.0)]
    assert rate(halved, 32.0, 68.0) == pytest.approx(1.5)
    with pytest.raises(ValueError, match="not at work"):
        rate(batches, 12.0, 60.0)


def test_a_request_s_time_counts_from_when_it_was_sent_and_its_failure_is_no_figure() -> None:
    def at_once(number: int) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(number)
        return future

    assert max(waited(at_once, 3, 0.001)) < 0.5

    def failing(number: int) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(RuntimeError("no device"))
        return future

    with pytest.raises(RuntimeError, match="no device"):
        waited(failing, 1, 0.001)


def test_a_bar_may_have_slack_above_the_figure_that_it_is_compared_with() -> None:
    bar = Bar("real_wer", "ours", most="stock", slack=0.002)
    assert bar.text() == "at most stock + 0.002"
    assert bar.met({"ours": 0.0319, "stock": 0.03}) is True
    assert bar.met({"ours": 0.0321, "stock": 0.03}) is False
    assert bar.met({"ours": 0.03}) is None


def test_a_set_of_files_is_made_once_for_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.runner.corpus.FOLDER", tmp_path)
    made: list[Path] = []

    def make(folder: Path) -> list[Recording]:
        made.append(folder)
        return [Recording(folder / "a.wav", 1.0, "en", "yes")]

    first = kept("few", {"version": 1}, make)
    assert kept("few", {"version": 1}, make) == first
    assert len(made) == 1
    kept("few", {"version": 2}, make)
    assert len(made) == 2
