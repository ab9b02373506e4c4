"""`make transcribe FILES=...`: which recordings are meant, and a plain word where none are."""

from pathlib import Path

import pytest

from dev.transcribe import Refusal, named_files, recordings


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_files_is_read_as_a_shell_reads_it(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "my call.mp3")
    assert named_files(f"{tmp_path}/*.wav '{tmp_path}/my call.mp3'") == [
        f"{tmp_path}/{name}" for name in ("a.wav", "b.wav", "my call.mp3")
    ]


def test_one_name_with_spaces_needs_no_quotes(tmp_path: Path) -> None:
    touch(tmp_path / "my call.mp3")
    assert named_files(f"{tmp_path}/my call.mp3") == [f"{tmp_path}/my call.mp3"]


def test_a_folder_stands_for_the_recordings_in_it(tmp_path: Path) -> None:
    touch(tmp_path / "calls/mon/one.WAV", tmp_path / "calls/notes.pdf", tmp_path / "calls/two.mp4")
    assert set(recordings([str(tmp_path / "calls")])) == {"calls/mon/one.WAV", "calls/two.mp4"}


def test_files_of_the_same_name_are_kept_apart_by_their_folders(tmp_path: Path) -> None:
    touch(tmp_path / "mon/call.wav", tmp_path / "tue/call.wav")
    assert set(recordings([str(tmp_path / "mon/call.wav"), str(tmp_path / "tue/call.wav")])) == {"call.wav", "tue/call.wav"}


@pytest.mark.parametrize("text", ["", "  ", "'open"])
def test_what_names_nothing_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refusal, match="FILES="):
        named_files(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"no file or folder gone\.wav"):
        recordings(["gone.wav"])
    with pytest.raises(Refusal, match="holds no audio"):
        recordings([str(tmp_path)])
