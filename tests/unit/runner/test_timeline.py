"""Where frames are placed by their timestamps, from values alone."""

import pytest

from transcription_runner.engine.decoding.timeline import Timeline

FRAME = 0.02


def placed(stamps: list[float | None], limit: float = 3600.0) -> list[float | None]:
    """Where each frame of 20 ms starts if that leaves a gap before it."""
    timeline = Timeline(limit)
    return [timeline.place(stamp, FRAME) for stamp in stamps]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0.0, 0.02, 0.04], [None, None, None]),
        ([None, None, None], [None, None, None]),
        ([-0.02, 0.0, 0.02], [None, None, None]),
        ([0.0, 0.06, 0.08], [None, None, None]),
        ([2.0, 2.02], [2.0, None]),
        ([0.0, 1.0, None, 1.04], [None, 1.0, None, None]),
        ([0.0, 1.0, 2.0], [None, 1.0, 2.0]),
    ],
    ids=["one after the other", "unknown", "before time 0", "rounded", "late", "a gap", "two gaps"],
)
def test_a_frame_is_placed_where_its_timestamp_says(stamps: list[float | None], expected: list[float | None]) -> None:
    assert placed(stamps) == expected


def test_small_gaps_are_filled_once_they_have_added_up() -> None:
    assert placed([0.0, 0.04, 0.08, 0.12]) == [None, None, None, 0.12]


def test_sound_that_overlaps_goes_on_and_the_next_gap_takes_up_the_surplus() -> None:
    assert placed([0.0, 0.0, 0.0, 0.0, 0.5]) == [None, None, None, None, 0.5]
    assert placed([0.0, 0.0, 0.0, 0.0, 0.1]) == [None] * 5


@pytest.mark.parametrize("far", [-1e6, -5.0, 4000.0, 1e12])
def test_a_timestamp_far_off_begins_a_new_count_in_which_gaps_are_kept(far: float) -> None:
    found = placed([0.0, 3.0, far, far + FRAME, far + 1.0])
    assert found[:4] == [None, 3.0, None, None]
    if far < 0:
        assert found[4] == pytest.approx(4.02)


def test_sound_goes_back_to_the_first_count_after_a_timestamp_beyond_belief() -> None:
    assert placed([0.0, 1e12, 0.04, 0.06, 1.0]) == [None, None, None, None, pytest.approx(1.0)]


def test_sound_may_go_on_beyond_where_timestamps_are_believed() -> None:
    assert placed([0.0, 0.02, 0.04, 0.06], limit=0.03) == [None] * 4
