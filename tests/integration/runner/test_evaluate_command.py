"""`transcription-runner evaluate` as a user types it: figures that can be checked by hand, a table, a report, plain errors."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from transcription_runner.cli import parser
from transcription_runner.evaluation import command
from transcription_runner.evaluation.speakers import speaker_errors
from transcription_runner.evaluation.speech import SpeakerTurn

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


Evaluate = Callable[..., Done]


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """The command with these arguments, in this process, which then imports the libraries once for all tests."""

    def run(*arguments: str | Path) -> Done:
        code = command.evaluate(parser().parse_args(["evaluate", *map(str, arguments)]))
        shown = capsys.readouterr()
        return Done(code, shown.out, shown.err)

    return run


def segment(start: float, end: float, text: str, speaker: str | None = None, shift: float = 0.0) -> dict[str, Any]:
    """A segment whose words share its time, moved by `shift` seconds."""
    words = text.split()
    each = (end - start) / len(words)
    placed = [
        {"word": word, "start": start + index * each + shift, "end": start + (index + 1) * each + shift, "score": 0.9}
        for index, word in enumerate(words)
    ]
    return {"start": start, "end": end, "text": text, "words": placed, **({"speaker": speaker} if speaker else {})}


def write(path: Path, *segments: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"language": "en", "segments": segments, "word_segments": []}))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Transcripts of two calls, and references by hand: one with words, times and speakers, one of text alone."""
    ours, truth = tmp_path / "ours", tmp_path / "truth"
    write(
        ours / "calls/one.wav.json",
        segment(0, 4, "the price is hundred", "SPEAKER_00", shift=0.08),
        segment(5, 9, "thanks and good bye", "SPEAKER_01", shift=0.08),
    )
    write(ours / "calls/two.mp3.json", segment(0, 3, "Hello, world now!"))
    write(truth / "calls/one.json", segment(0, 4, "The price was hundred."), segment(5, 9, "Thanks and good bye."))
    (truth / "calls/one.rttm").write_text(
        "SPEAKER one 1 0.0 4.0 <NA> <NA> Ana <NA> <NA>\nSPEAKER one 1 5.0 6.0 <NA> <NA> Ben <NA> <NA>\n"
    )
    (truth / "calls/two.txt").write_text("hello world")
    return ours, truth


def test_the_figures_are_those_counted_by_hand(evaluate: Evaluate, folders: tuple[Path, Path], tmp_path: Path) -> None:
    done = evaluate(*folders, "--output", tmp_path / "figures/report.json")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "figures/report.json").read_text())
    one, two = found["files"]["calls/one.wav"], found["files"]["calls/two.mp3"]
    assert one["wer"] == {"rate": 0.125, "reference": 8, "substitutions": 1, "insertions": 0, "deletions": 0}
    assert two["wer"] == {"rate": 0.5, "reference": 2, "substitutions": 0, "insertions": 1, "deletions": 0}
    assert found["total"]["wer"]["rate"] == 0.2
    assert one["der_collar_0_ms"] == {
        "rate": 0.2,
        "speech_seconds": 10.0,
        "missed_seconds": 2.0,
        "false_alarm_seconds": 0.0,
        "confusion_seconds": 0.0,
    }
    assert one["der_collar_250_ms"]["rate"] < 0.2
    assert one["word_times"]["within_50_ms"]["f1"] == 0.0
    assert one["word_times"]["within_100_ms"] == {"precision": 0.875, "recall": 0.875, "f1": 0.875}
    assert one["word_times"]["start_error_median_seconds"] == 0.08
    assert "word_times" not in two
    assert found["problems"] == []
    assert [line.split()[0] for line in done.out.splitlines()][2:4] == ["calls/one.wav", "calls/two.mp3"]
    assert done.out.splitlines()[-1].startswith("total of 2")


def test_case_and_punctuation_count_when_asked(evaluate: Evaluate, folders: tuple[Path, Path], tmp_path: Path) -> None:
    done = evaluate(*folders, "--no-normalise", "--output", tmp_path / "report.json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "report.json").read_text())["files"]["calls/two.mp3"]["wer"]["substitutions"] == 1


def test_the_examples_in_this_repository_evaluate_against_their_table(evaluate: Evaluate, tmp_path: Path) -> None:
    table = ROOT / "examples/audio/REFERENCE.tsv"
    for line in table.read_text(encoding="utf-8").splitlines()[1:]:
        key, _, text = line.split("\t")
        write(tmp_path / f"{key}.json", segment(0, 10, text.capitalize() + "."))
    done = evaluate(tmp_path, table)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].split()[4] == "0.0%"


def test_files_without_a_partner_and_bad_ones_are_named_and_the_rest_is_measured(
    evaluate: Evaluate, folders: tuple[Path, Path]
) -> None:
    ours, truth = folders
    (ours / "calls/two.mp3.json").write_text("{")
    (truth / "three.txt").write_text("nobody transcribed this")
    done = evaluate(ours, truth)
    assert done.code == 1
    assert "two.mp3.json: is not a transcript" in done.err
    assert "three: no transcript is of this name" in done.err
    assert "calls/one.wav" in done.out
    assert "Traceback" not in done.err


def test_two_single_files_are_a_pair_whatever_their_names(evaluate: Evaluate, folders: tuple[Path, Path]) -> None:
    done = evaluate(folders[0] / "calls/one.wav.json", folders[1] / "calls/two.txt")
    assert (done.code, done.err) == (0, "")


def test_what_is_not_there_is_a_usage_error(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate(tmp_path, tmp_path / "gone")
    assert done.code == 2
    assert "gone does not exist" in done.err


def test_the_command_as_typed_needs_no_speech_library(tmp_path: Path) -> None:
    write(tmp_path / "heard" / "one.json", segment(0, 1, "yes"))
    write(tmp_path / "said" / "one.json", segment(0, 1, "yes"))
    program = (
        "import sys, os; from transcription_runner import cli;"
        f"sys.argv[1:] = ['evaluate', {str(tmp_path / 'heard')!r}, {str(tmp_path / 'said')!r}];"
        "os._exit = lambda code: print(code, [name for name in ('torch', 'whisperx', 'ctranslate2') if name in sys.modules]);"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def turn(start: float, end: float, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(start, end, speaker)


def test_overlapping_speech_counts_for_each_speaker() -> None:
    found = speaker_errors([turn(0, 10, "A"), turn(5, 10, "B")], [turn(0, 10, "X")], collar=0)
    assert (found.speech, found.missed) == pytest.approx((15, 5))


def test_speakers_are_matched_so_that_the_confusion_is_smallest() -> None:
    found = speaker_errors([turn(0, 6, "A"), turn(6, 10, "B")], [turn(0, 10, "X")], collar=0)
    assert found.confusion == pytest.approx(4)


def test_a_collar_forgives_boundaries_up_to_half_its_length_on_each_side() -> None:
    late = [turn(1.1, 5.1, "X")]
    assert speaker_errors([turn(1, 5, "A")], late, collar=0).rate == pytest.approx(0.05)
    assert speaker_errors([turn(1, 5, "A")], late, collar=0.25).rate == 0


def test_turns_of_one_speaker_that_overlap_count_once() -> None:
    assert speaker_errors([turn(0, 4, "A")], [turn(0, 3, "X"), turn(2, 4, "X")], collar=0).rate == 0


def test_silence_on_both_sides_is_no_error() -> None:
    assert speaker_errors([], [], collar=0).rate is None
