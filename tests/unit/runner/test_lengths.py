"""Seconds of audio by bytes: what suffixes promise, what files of this source showed, and how sure that is."""

import math
import random

import pytest

from transcription_runner.batch.lengths import OTHER_RATE, USUAL_RATES, Lengths
from transcription_runner.batch.sources import SourceFile
from transcription_runner.engine.decoding.suffixes import KNOWN_SUFFIXES


def of(size: int, suffix: str = "wav") -> SourceFile:
    return SourceFile(f"in/call.{suffix}", size)


def test_every_suffix_that_is_taken_for_sound_has_a_usual_rate() -> None:
    assert set(USUAL_RATES) == KNOWN_SUFFIXES


@pytest.mark.parametrize(("key", "rate"), [("a.WAV", USUAL_RATES["wav"]), ("a.b/c", OTHER_RATE), ("noise.xyz", OTHER_RATE)])
def test_before_any_file_is_opened_the_suffix_decides(key: str, rate: float) -> None:
    lengths = Lengths()
    lengths.surveyed(SourceFile(key, 1_000_000))
    assert lengths.estimate().seconds == pytest.approx(1_000_000 * rate)
    assert lengths.estimate().error == 1.0


def test_each_suffix_learns_from_its_own_files_alone() -> None:
    lengths = Lengths()
    for suffix in ("wav", "mp3"):
        for _ in range(2):
            lengths.surveyed(of(1000, suffix))
    lengths.opened(of(1000, "wav"), 5.0)
    assert lengths.estimate().seconds == pytest.approx(5 + 5 + 2000 * USUAL_RATES["mp3"])


def test_what_an_earlier_run_did_teaches_and_is_not_to_be_done() -> None:
    lengths = Lengths()
    for _ in range(4):
        lengths.surveyed(of(100))
    lengths.skipped(of(100), 7.0)
    assert lengths.estimate().seconds == pytest.approx(21)
    assert (lengths.skipped_bytes, lengths.found_bytes) == (100, 400)


def test_a_file_that_cannot_be_fetched_teaches_nothing() -> None:
    lengths = Lengths()
    for size in (100, 100, 5_000_000_000):
        lengths.surveyed(of(size))
    lengths.opened(of(100), 1.0)
    lengths.unreadable(of(5_000_000_000))
    assert lengths.estimate().seconds == pytest.approx(2)


def test_the_estimate_is_exact_and_sure_once_every_file_was_opened() -> None:
    lengths = Lengths()
    for size, seconds in ((100, 1.0), (300, 9.0), (50, 0.0)):
        lengths.surveyed(of(size))
        lengths.opened(of(size), seconds)
    assert (lengths.estimate().seconds, lengths.estimate().error) == (10, 0)


def test_empty_files_and_an_empty_source_are_no_trouble() -> None:
    lengths = Lengths()
    assert (lengths.estimate().seconds, lengths.estimate().error) == (0, 0)
    for _ in range(3):
        lengths.surveyed(of(0))
        lengths.opened(of(0), 0.0)
    lengths.surveyed(of(1000))
    assert lengths.estimate().seconds == pytest.approx(1000 * USUAL_RATES["wav"])


def test_a_million_files_are_held_as_a_few_sums() -> None:
    lengths = Lengths()
    for number in range(1000):
        lengths.surveyed(SourceFile(f"in/{number}.suffix{number}", 10))
    assert len(lengths._kinds) == 1


def test_the_error_is_as_large_as_estimates_really_miss() -> None:
    """Over many corpora: about two in three are off by less than one standard error, and nearly all by less than three."""
    misses = []
    for seed in range(200):
        chance, lengths, truth = random.Random(seed), Lengths(), 0.0
        files = []
        for _ in range(300):
            seconds = chance.lognormvariate(5, 1)
            files.append((of(int(seconds * 16_000 * chance.lognormvariate(0, 0.4)), "mp3"), seconds))
            truth += seconds
        for file, _ in files:
            lengths.surveyed(file)
        for file, seconds in files[:30]:
            lengths.opened(file, seconds)
        estimate = lengths.estimate()
        misses.append(abs(math.log(estimate.seconds / truth)) / estimate.error)
    within_one, within_three = (sum(miss < errors for miss in misses) / len(misses) for errors in (1, 3))
    assert 0.5 < within_one < 0.85
    assert within_three > 0.93
