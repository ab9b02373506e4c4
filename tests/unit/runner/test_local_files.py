"""Files and folders of `transcribe`: what is taken in, what is done already, and outputs that are whole or not there."""

import os
from pathlib import Path

import pytest

from tests.unit.runner.build import segment, transcript
from transcription_api.speech import Format, Subtitles
from transcription_runner.local.done import FILE, Done, State, state_of
from transcription_runner.local.inputs import input_files
from transcription_runner.local.outputs import prepare_folder, write
from transcription_runner.local.transcribe import summary

FORMATS = [Format.JSON, Format.SRT]
STATE = State(bytes=10, changed_ns=1, recipe="aa")


def outputs(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_what_was_recorded_and_lies_there_is_done(tmp_path: Path) -> None:
    outputs(tmp_path, "deep/a.wav.json", "deep/a.wav.srt")
    Done(tmp_path, FORMATS).add("deep/a.wav", STATE)
    assert Done(tmp_path, FORMATS).holds("deep/a.wav", STATE)


@pytest.mark.parametrize("other", [STATE._replace(bytes=11), STATE._replace(changed_ns=0), STATE._replace(recipe="bb")])
def test_another_file_or_another_recipe_is_not_done(tmp_path: Path, other: State) -> None:
    outputs(tmp_path, "a.wav.json", "a.wav.srt")
    Done(tmp_path, FORMATS).add("a.wav", STATE)
    assert not Done(tmp_path, FORMATS).holds("a.wav", other)


def test_an_output_that_was_removed_is_made_again(tmp_path: Path) -> None:
    outputs(tmp_path, "a.wav.json")
    Done(tmp_path, FORMATS).add("a.wav", STATE)
    assert not Done(tmp_path, FORMATS).holds("a.wav", STATE)


def test_outputs_that_nobody_recorded_are_made_again(tmp_path: Path) -> None:
    outputs(tmp_path, "a.wav.json", "a.wav.srt")
    assert not Done(tmp_path, FORMATS).holds("a.wav", STATE)


def test_the_last_line_of_a_name_counts_and_a_torn_one_does_not(tmp_path: Path) -> None:
    outputs(tmp_path, "a.wav.json", "a.wav.srt")
    done = Done(tmp_path, FORMATS)
    done.add("a.wav", STATE)
    done.add("a.wav", STATE._replace(recipe="bb"))
    with (tmp_path / FILE).open("a") as file:
        file.write('\n{"name": "a.wav", "bytes": 1')
    again = Done(tmp_path, FORMATS)
    assert not again.holds("a.wav", STATE)
    assert again.holds("a.wav", STATE._replace(recipe="bb"))
    again.add("b.wav", STATE)
    outputs(tmp_path, "b.wav.json", "b.wav.srt")
    assert Done(tmp_path, FORMATS).holds("b.wav", STATE)


def test_a_record_of_something_else_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'\xff\n[1]\n7\n{"name": "a.wav"}\n{"name": "a.wav", "bytes": 1, "more": 2}\n')
    assert not Done(tmp_path, FORMATS).holds("a.wav", STATE)


def test_a_changed_file_has_another_state(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"one")
    before = state_of(file, "aa")
    assert state_of(file, "aa") == before
    os.utime(file, ns=(1, 1))
    assert state_of(file, "aa") != before


def test_outputs_are_written_beside_each_other_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "deep/a.wav", transcript(segment("hello", timed=True)), FORMATS, Subtitles())
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["a.wav.json", "a.wav.srt"]


def test_outputs_that_cannot_all_be_written_leave_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.wav.json").write_text("old")
    whole = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if "srt" in path.name:
            whole(path, data[:3])
            raise OSError(28, "No space left on device", str(path))
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, "a.wav", transcript(segment("hello", timed=True)), FORMATS, Subtitles())
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav.json"]
    assert (tmp_path / "a.wav.json").read_text() == "old"


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cannot write to the folder .*/file: "):
        prepare_folder(tmp_path / "file")
    with pytest.raises(ValueError, match=r"cannot write to the folder .*/file/deep: Not a directory"):
        prepare_folder(tmp_path / "file/deep")


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "deep/out")
    assert list((tmp_path / "deep/out").iterdir()) == []


def test_the_last_line_counts_what_was_skipped() -> None:
    assert summary(5, skipped=0, failed=1, folder=Path("out")) == "4 of 5 files transcribed to out"
    assert summary(5, skipped=2, failed=1, folder=Path("out")).startswith("2 of 5 files transcribed to out; 2 skipped")


def test_folders_are_searched_and_keep_their_shape(tmp_path: Path) -> None:
    for name in ("a.wav", "x/b.MP3", "x/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [name for name, _ in input_files([tmp_path])] == ["a.wav", "x/b.MP3"]


def test_two_files_of_one_name_are_not_written_over_each_other(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").touch()
    with pytest.raises(ValueError, match="would write the same transcripts"):
        list(input_files([tmp_path / "x/a.wav", tmp_path / "y/a.wav"]))
