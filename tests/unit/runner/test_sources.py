"""Which objects a run takes: globs below the prefix, known suffixes, never its own outputs, and every fault reported."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.stores import folder_store
from transcription_api.runner_config import ResolvedOutput
from transcription_api.source import Source
from transcription_runner.batch.sources import Selection, source_files
from transcription_runner.engine.decoding.suffixes import has_known_suffix


def output(prefix: str = "transcripts/", bucket: str = "calls") -> ResolvedOutput:
    return ResolvedOutput.model_validate({"bucket": bucket, "prefix": prefix, "formats": ["json", "srt"]})


def wants(key: str, out: ResolvedOutput | None = None, **source: Any) -> bool:
    return Selection(Source(bucket="calls", **source), out or output()).why_ignored(key) is None


@pytest.mark.parametrize("key", ["a.wav", "x/y/a.wav", "x/.hidden.wav", "x y/ñ é.wav"])
def test_two_stars_match_at_any_depth_below_the_prefix(key: str) -> None:
    assert wants(f"2026/{key}", prefix="2026/", include=["**/*.wav"])
    assert wants(f"2026/{key}", prefix="2026", include=["**/*.wav"])


def test_one_star_stays_in_its_folder() -> None:
    assert wants("in/a.wav", prefix="in/", include=["*.wav"])
    assert not wants("in/x/a.wav", prefix="in/", include=["*.wav"])


def test_globs_of_the_job_are_taken_by_their_letters() -> None:
    assert not wants("a.WAV", include=["**/*.wav"])
    assert not wants("a.wav", include=["**/*.mp3"])


def test_exclude_wins() -> None:
    assert not wants("a/noise.wav", exclude=["**/noise.*"])
    assert wants("a/speech.wav", exclude=["**/noise.*"])


@pytest.mark.parametrize("key", ["a.wav", "a.MP3", "x/b.Flac", "c.m4a", "d.ogg", "e.opus", "f.mkv", "g.MP4", "h.webm"])
def test_known_suffixes_are_taken_in_any_case(key: str) -> None:
    assert has_known_suffix(key)
    assert wants(key)


@pytest.mark.parametrize("key", ["a.txt", "wav", "a.wav/", "folder.wav/readme", "a.wav.bak", "a.json"])
def test_other_objects_are_left_alone(key: str) -> None:
    assert not wants(key)


@pytest.mark.parametrize(
    "key",
    [
        "transcripts/.ledger/ab/abc.json",
        "transcripts/.ledger/claims/abc-0000.claim",
        "transcripts/_manifest-calls.json",
        "transcripts/a.wav.json",
        "transcripts/x/a.wav.srt",
    ],
)
def test_what_a_run_writes_is_never_its_source(key: str) -> None:
    assert not wants(key, include=["**/*"])


def test_outputs_beside_the_audio_are_told_from_it() -> None:
    beside = output(prefix="")
    assert wants("a.wav", beside, include=["**/*"])
    assert not wants("a.wav.json", beside, include=["**/*"])
    assert not wants(".ledger/ab/abc.json", beside, include=["**/*"])


def test_what_lies_in_another_bucket_is_no_output() -> None:
    assert wants("transcripts/a.wav.json", output(bucket="elsewhere"), include=["**/*.json"])


def test_a_prefix_is_walked_as_a_stream_of_wanted_objects(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    for key in ("in/a.wav", "in/b.txt", "in/x/c.mp3", "other/d.wav"):
        store.put("calls", key, b"sound", "")
    found = list(source_files(store, Source(bucket="calls", prefix="in/"), output()))
    assert [(file.key, file.size, file.fault) for file in found] == [("in/a.wav", 5, None), ("in/x/c.mp3", 5, None)]


def test_of_what_is_left_out_the_reason_is_told(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    for key in ("in/a.wav", "in/b.txt", "in/c.md", "in/x/noise.mp3", "other/d.wav"):
        store.put("calls", key, b"sound", "")
    why: list[str] = []
    list(source_files(store, Source(bucket="calls", prefix="in/", exclude=["**/noise.*"]), output(), why.append))
    assert why == ["suffix", "suffix", "exclude"]
    why.clear()
    list(source_files(store, Source(bucket="calls", prefix="in/", include=["*.flac"]), output("in/"), why.append))
    assert why == ["include"] * 4


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("in/", "folder"),
        ("transcripts/a.wav.json", "output"),
        ("transcripts/.ledger/claims/a-0.claim", "output"),
        ("a.json", "suffix"),
    ],
)
def test_a_runs_own_objects_and_folder_markers_have_reasons_of_their_own(key: str, why: str) -> None:
    assert Selection(Source(bucket="calls"), output()).why_ignored(key) == why


def test_listed_keys_that_cannot_be_used_come_with_their_fault(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    store.put("calls", "a.wav", b"sound", "")
    found = list(source_files(store, Source(bucket="calls", keys=["a.wav", "gone.wav", "../escape.wav", "x/./b.wav"]), output()))
    assert [(file.key, file.fault.reason if file.fault else None) for file in found] == [
        ("a.wav", None),
        ("gone.wav", "ObjectNotFound"),
        ("../escape.wav", "InvalidKey"),
        ("x/./b.wav", "InvalidKey"),
    ]
