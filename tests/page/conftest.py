"""What the page's tests need: Chromium, what judges the page, and two services: one that hears, and one that is dictated."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.integration.runner.service_process import ServiceProcess, serving
from tests.page import npm
from tests.page.browser import CHROMIUM, launched
from tests.page.dictated import Dictated, dictating
from tests.unit.runner.build import segment
from transcription_api.transcript import Segment

ROOT = Path(__file__).parents[2]
CALL = ROOT / "examples/audio/2026/11/03/conversation-0001.wav"
"""Two people on the telephone, 30 s."""
SUPPORT = ROOT / "examples/audio/2026/11/04/support-0003.flac"
"""Two speakers in turn."""
BASE = ROOT / ".dev/models/whisper-base"
PIPELINE = "pyannote/speaker-diarization-community-1"


@pytest.fixture(scope="session")
def judges() -> None:
    npm.install()


@pytest.fixture(scope="session")
def chromium(judges: None) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    expect.set_options(timeout=20_000)  # a busy machine takes its time
    with sync_playwright() as playwright:
        browser = launched(playwright, CALL)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(judges: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """The real one, with real Whisper base, and the small networks in the place of pyannote's."""
    if not (BASE / "model.bin").exists():
        pytest.fail(f"{BASE} is missing: `make up` brings it")
    pipeline = tmp_path_factory.mktemp("models") / PIPELINE
    pipeline.parent.mkdir()
    pipeline.symlink_to(ROOT / "models/diarize-small")
    folders = ("--model-dir", str(pipeline.parents[1]))
    with serving(ROOT / "models", *folders, "--model", str(BASE)) as process:
        yield process


def said(text: str, start: float, speaker: str, *scores: float) -> Segment:
    """A word each second, so sure."""
    whole = segment(text, start, start + len(text.split()), timed=True, speaker=speaker)
    words = [one.model_copy(update={"score": score, "speaker": speaker}) for one, score in zip(whole.words, scores, strict=True)]
    return whole.model_copy(update={"words": words})


SAID = [
    said("one two three four", 0.0, "SPEAKER_00", 0.9, 0.3, 0.9, 0.9),
    said("five six", 5.0, "SPEAKER_01", 0.1, 0.2),
    said("seven eight nine", 8.0, "SPEAKER_00", 0.9, 0.9, 0.3),
]


@pytest.fixture(scope="session")
def dictation(judges: None) -> Iterator[str]:
    """The address of a service that hears the same in all recordings."""
    with dictating(Dictated(SAID)) as (address, _):
        yield address


def pictures() -> Path:
    """Where pictures go: docs/pictures where PICTURES says so, since those of another machine's fonts would differ."""
    folder = ROOT / ("docs/pictures" if os.environ.get("PICTURES") else "build/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
