"""From probabilities to chunks: hysteresis, the cut of speech that is too long, and merging."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from transcription_runner.engine.detection.vad_regions import Chunk, merged, regions

STEP = 0.1


def found(*probabilities: float, longest: float = 30.0) -> list[tuple[float, float]]:
    """Regions of frames 0.1 s apart, in tenths of a second."""
    scores = np.array(probabilities, np.float32)
    return [(round(part.start * 10), round(part.end * 10)) for part in regions(scores, times(len(scores)), 0.5, 0.3, longest)]


def times(count: int) -> NDArray[np.float64]:
    return (np.arange(count) * STEP).astype(np.float64)


def test_speech_begins_above_the_onset_and_ends_below_the_offset() -> None:
    assert found(0.1, 0.4, 0.6, 0.4, 0.4, 0.2, 0.4, 0.1) == [(2, 5)]


def test_speech_at_either_end_reaches_to_it() -> None:
    assert found(0.9, 0.9, 0.1, 0.1, 0.9, 0.9) == [(0, 2), (4, 5)]


def test_a_first_frame_between_the_thresholds_is_no_speech_yet() -> None:
    assert found(0.4, 0.4, 0.9, 0.1) == [(2, 3)]


def test_silence_and_nothing_have_no_speech() -> None:
    assert found(0.1, 0.2, 0.1) == []
    assert found() == []


def test_speech_that_is_too_long_is_cut_at_its_quietest_frame_in_the_second_half() -> None:
    scores = [0.9] * 30
    scores[8], scores[22] = 0.35, 0.4
    assert found(*scores, longest=2.5) == [(0, 22), (22, 29)]


def test_neighbours_are_joined_as_long_as_they_fit() -> None:
    parts = [Chunk(0, 10), Chunk(12, 20), Chunk(21, 29.9), Chunk(30.5, 31)]
    voiced = ((0, 10), (12, 20), (21, 29.9))
    assert merged(parts, 30.0) == [Chunk(0, 29.9, voiced), Chunk(30.5, 31, ((30.5, 31),))]


@given(st.lists(st.floats(0, 1, width=32), max_size=400), st.floats(1.0, 5.0))
def test_no_region_is_too_long_and_none_overlaps_the_next(probabilities: list[float], longest: float) -> None:
    scores = np.array(probabilities, np.float32)
    parts = regions(scores, times(len(scores)), 0.5, 0.3, longest)
    assert all(0 < part.end - part.start <= longest + 1e-6 for part in parts)
    assert all(before.end <= after.start for before, after in pairwise(parts))


@given(st.lists(st.tuples(st.floats(0.1, 20), st.floats(0.1, 3)), max_size=30))
def test_chunks_hold_all_speech_and_keep_the_limit(lengths_and_pauses: list[tuple[float, float]]) -> None:
    parts, position = [], 0.0
    for length, pause in lengths_and_pauses:
        parts.append(Chunk(position, position + length))
        position += length + pause
    chunks = merged(parts, 30.0)
    assert all(chunk.end - chunk.start <= 30.0 for chunk in chunks)
    assert all(any(chunk.start <= part.start and part.end <= chunk.end for chunk in chunks) for part in parts)
