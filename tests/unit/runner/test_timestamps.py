"""Whisper's timestamps to passages: in order, inside the window, with every token of text, however the model writes them."""

from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.engine.recognition.timestamps import segments_by_timestamps

BEGIN = 1000


def at(seconds: float) -> int:
    return BEGIN + round(seconds / 0.02)


def passages(tokens: list[int], seconds: float = 10.0) -> list[tuple[float, float, list[int]]]:
    return [(round(start, 2), round(end, 2), text) for start, end, text in segments_by_timestamps(tokens, BEGIN, seconds)]


@given(st.lists(st.integers(BEGIN - 40, BEGIN + 40 * 50), max_size=30), st.floats(0.1, 30))
def test_whatever_the_tokens_are_nothing_is_lost_or_out_of_order(tokens: list[int], seconds: float) -> None:
    found = segments_by_timestamps(tokens, BEGIN, seconds)
    assert [token for _, _, text in found for token in text] == [token for token in tokens if token < BEGIN]
    reached = 0.0
    for start, end, text in found:
        assert reached <= start < end <= seconds
        assert text
        reached = end


def test_passages_lie_between_their_timestamps() -> None:
    tokens = [at(0.5), 1, 2, at(2.4), at(3.0), 3, at(5.1)]
    assert passages(tokens) == [(0.5, 2.4, [1, 2]), (3.0, 5.1, [3])]


def test_text_without_any_timestamp_takes_the_whole_window() -> None:
    assert passages([1, 2]) == [(0.0, 10.0, [1, 2])]


def test_a_missing_last_timestamp_is_the_end_of_the_window() -> None:
    assert passages([at(1), 1, at(2), at(2), 2]) == [(1.0, 2.0, [1]), (2.0, 10.0, [2])]


def test_one_timestamp_between_two_texts_parts_them() -> None:
    assert passages([1, at(2), 2, at(4)]) == [(0.0, 2.0, [1]), (2.0, 4.0, [2])]


def test_a_timestamp_beyond_the_window_is_its_end() -> None:
    assert passages([at(1), 1, at(29)], 4.0) == [(1.0, 4.0, [1])]


def test_text_whose_timestamps_go_back_joins_the_passage_before() -> None:
    assert passages([at(1), 1, at(6), at(2), 2, at(3)]) == [(1.0, 6.0, [1, 2])]


def test_a_first_passage_without_length_joins_the_next() -> None:
    assert passages([at(1), 1, at(1), at(1), 2, at(3)]) == [(1.0, 3.0, [1, 2])]


def test_timestamps_alone_are_no_passage() -> None:
    assert passages([at(0), at(3)]) == []
