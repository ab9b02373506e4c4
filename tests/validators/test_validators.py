"""500 transcripts, made to be hard to write down: no validator finds a fault, and every reader finds the same words."""

from pathlib import Path

import pytest

from tests.validators import w3c
from tests.validators.checks import cues_say, faults
from tests.validators.hostile import hostile
from transcription_api.speech import Format
from transcription_api.transcript import Transcript
from transcription_runner.formats.documents import documents
from transcription_runner.formats.subtitles.text import flattened

COUNT = 500


@pytest.fixture(scope="module")
def written() -> list[tuple[Transcript, dict[Format, bytes]]]:
    cases = [hostile(seed) for seed in range(COUNT)]
    return [(given, documents(given, list(Format), bounds)) for given, bounds in cases]


def said(given: Transcript) -> str:
    return " ".join(segment.text for segment in given.segments)


def speakers(given: Transcript) -> set[str]:
    of_segments = {segment.speaker for segment in given.segments}
    of_words = {word.speaker for segment in given.segments for word in segment.words}
    return {flattened(name) for name in of_segments | of_words if name}


def test_no_validator_finds_a_fault_and_all_five_formats_carry_the_same_words(
    written: list[tuple[Transcript, dict[Format, bytes]]],
) -> None:
    found = {number: faults(files, said(given), speakers(given)) for number, (given, files) in enumerate(written)}
    assert {number: wrong for number, wrong in found.items() if wrong} == {}


def test_the_w3c_validator_finds_no_fault_and_the_same_words(
    written: list[tuple[Transcript, dict[Format, bytes]]], w3c_validator: None, tmp_path: Path
) -> None:
    for number, (_, files) in enumerate(written):
        (tmp_path / f"{number}.vtt").write_bytes(files[Format.VTT])
    verdicts = w3c.verdicts(tmp_path)
    assert {name: verdict["faults"] for name, verdict in verdicts.items() if verdict["faults"]} == {}
    assert len(verdicts) == COUNT
    for number, (given, files) in enumerate(written):
        assert cues_say(" ".join(verdicts[f"{number}.vtt"]["said"]), said(given), files[Format.JSON]), number


def test_the_w3c_validator_does_find_faults(w3c_validator: None, tmp_path: Path) -> None:
    """Else the test above would pass with a validator that finds nothing."""
    (tmp_path / "bad.vtt").write_text("WEBVTT\n\n00:02.000 --> 00:01.000\nR&D <b>\n")
    assert len(w3c.verdicts(tmp_path)["bad.vtt"]["faults"]) >= 3


def test_the_lock_names_no_registry() -> None:
    assert "http" not in (w3c.HERE / "package-lock.json").read_text()
