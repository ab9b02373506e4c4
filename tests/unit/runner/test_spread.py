"""Pods begin at different places of the listing, and each still sees every file."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.batch.spread import spread


@given(st.integers(0, 60), st.floats(0, 1, exclude_max=True), st.integers(1, 20))
def test_every_item_comes_once_and_none_leaves_its_page(number: int, share: float, page: int) -> None:
    seen = list(spread(range(number), share, page))
    assert sorted(seen) == list(range(number))
    assert all(item // page == place // page for place, item in enumerate(seen))


def test_each_of_four_pods_begins_with_a_quarter_of_its_own() -> None:
    firsts = [next(spread(range(2_500), index / 4)) for index in range(4)]
    assert firsts == [0, 250, 500, 750]
    assert list(spread("abcdef", 0.5, page=4)) == ["c", "d", "a", "b", "f", "e"]


def test_the_first_pod_takes_items_as_they_come() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    next(spread(items(), 0.0))
    assert taken == [0]
