"""100 real outputs of the command, from sound to files: no validator finds a fault, and every reader finds the same words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.training.heldout import samples
from tests.integration.runner.sound import silence, wav
from tests.validators import w3c
from tests.validators.checks import faults
from tests.validators.reading import word_list
from transcription_api.speech import Format
from transcription_api.transcript import Transcript

COUNT = 100
SUBTITLES = {"usual": [], "narrow": ["--max-line-width", "16", "--max-line-count", "1", "--highlight-words"]}


@pytest.fixture(scope="module")
def outputs(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """English and Spanish, clean, noisy, from a telephone and through MP3, and a silence; half of it with narrow subtitles."""
    folder = tmp_path_factory.mktemp("real")
    for name in SUBTITLES:
        (folder / "sound" / name).mkdir(parents=True)
    for number, sample in enumerate(samples(COUNT - 1, seed=4)):
        (folder / "sound" / ("narrow" if number % 2 else "usual") / f"{number}.wav").write_bytes(wav(sample.audio))
    (folder / "sound" / "usual" / "silence.wav").write_bytes(wav(silence(2.0)))
    for name, options in SUBTITLES.items():
        where = [folder / "sound" / name, "--output", folder / "out" / name]
        command = [sys.executable, "-m", "transcription_runner", "transcribe", *where, "--model", "asr-small", *options]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSCRIPTION_MODEL_PATH": str(models)}
        done = subprocess.run(
            [*map(str, command), "--device", "cpu"], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
    return folder / "out"


def transcripts(outputs: Path) -> dict[Path, Transcript]:
    """Path of the output without its format's suffix -> what its JSON says."""
    return {path.with_suffix(""): Transcript.model_validate_json(path.read_bytes()) for path in outputs.rglob("*.json")}


def said(given: Transcript) -> str:
    return " ".join(segment.text for segment in given.segments)


def test_a_hundred_files_have_five_formats_each_and_nearly_all_have_words(outputs: Path) -> None:
    found = transcripts(outputs)
    assert len(found) == COUNT
    assert all(Path(f"{stem}.{format_}").exists() for stem in found for format_ in Format)
    assert sum(bool(given.word_segments) for given in found.values()) >= COUNT - 10


def test_no_validator_finds_a_fault_and_all_five_formats_carry_the_same_words(outputs: Path) -> None:
    found = {}
    for stem, given in transcripts(outputs).items():
        files = {format_: Path(f"{stem}.{format_}").read_bytes() for format_ in Format}
        speakers = {segment.speaker for segment in given.segments if segment.speaker}
        found[stem.name] = faults(files, said(given), speakers)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("subtitles", list(SUBTITLES))
def test_the_w3c_validator_finds_no_fault_and_the_same_words(outputs: Path, subtitles: str) -> None:
    w3c.install()
    verdicts = w3c.verdicts(outputs / subtitles)
    assert {name: verdict["faults"] for name, verdict in verdicts.items() if verdict["faults"]} == {}
    for stem, given in transcripts(outputs / subtitles).items():
        assert word_list(" ".join(verdicts[f"{stem.name}.vtt"]["said"])) == word_list(said(given))
