"""Real Whisper from the volume of models, on speech that people speak: the right words in all five formats."""

import csv
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.house import Bucket, Job, outputs_of
from tests.e2e.speech import word_error_rate
from tests.integration.kubectl import Kubectl

ROOT = Path(__file__).parents[2]
AUDIO = ROOT / "examples" / "audio"
CONVERSATION = "2026/11/03/conversation-0001.wav"
"""Two people on the telephone, recorded."""
SUPPORT = "2026/11/04/support-0003.flac"


def said_in(key: str) -> str:
    """What is said in a sample, by REFERENCE.tsv."""
    with (AUDIO / "REFERENCE.tsv").open(encoding="utf-8", newline="") as file:
        return next(row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["key"] == key)


def test_the_operators_own_model_writes_what_two_people_said_in_five_formats(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put(CONVERSATION, (AUDIO / CONVERSATION).read_bytes())
    job = Job.apply(kubectl, "conversation", source={"bucket": bucket.name}, model=None)
    status = job.succeeded(400)

    assert status["files"] == {"total": 1, "succeeded": 1, "skipped": 0, "failed": 0}
    assert outputs_of([CONVERSATION]) <= bucket.keys("transcripts/")
    transcript = bucket.transcript(CONVERSATION)
    assert transcript["language"] == "en"
    assert word_error_rate(said_in(CONVERSATION), transcript) <= 0.35
    for suffix in ("tsv", "txt", "vtt", "srt"):
        text = re.sub(r"\s+", " ", bucket.get(f"transcripts/{CONVERSATION}.{suffix}").decode())
        assert "New Jersey" in text, suffix
        assert "Chicago" in text, suffix


def test_make_transcribe_brings_back_what_was_said_and_names_what_is_no_recording(operator: Kubectl, tmp_path: Path) -> None:
    recording, text = tmp_path / "my call.flac", tmp_path / "notes.wav"
    recording.write_bytes((AUDIO / SUPPORT).read_bytes())
    text.write_text("this is a text that somebody called a recording\n")
    command = [sys.executable, "-m", "dev.transcribe", str(recording), str(text)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert "1 of 2 transcribed" in done.stdout
    assert "the router green or red" in re.sub(r"\s+", " ", done.stdout)
    assert str(text) in done.stderr
    assert "Traceback" not in done.stderr
    written = {path.suffix for path in (ROOT / "build" / "transcripts").glob("my call.flac.*")}
    assert written == {".json", ".tsv", ".txt", ".vtt", ".srt"}


def test_make_transcribe_says_which_file_is_not_there_before_it_begins() -> None:
    command = [sys.executable, "-m", "dev.transcribe", "gone.wav"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("transcribe: there is no file or folder gone.wav")
