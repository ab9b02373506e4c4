"""When a turn of speech begins and ends, by the probability of each frame of 32 ms."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.serve.live.turns import FRAME_SECONDS, Edge, Turns, TurnTaking


def edges(*stretches: tuple[float, float], taking: TurnTaking | None = None) -> list[Edge]:
    """Of stretches of (seconds, probability)."""
    probabilities = [value for seconds, value in stretches for _ in range(round(seconds / FRAME_SECONDS))]
    return list(Turns(taking or TurnTaking()).edges(probabilities))


def near(one: float, other: float) -> bool:
    return abs(one - other) < 2 * FRAME_SECONDS


def test_a_turn_begins_a_little_before_its_sound_and_ends_a_little_behind_it() -> None:
    begin, end = edges((2, 0.0), (3, 0.9), (2, 0.0))
    assert begin.begins
    assert not end.begins
    assert near(begin.at, 1.7)
    assert near(end.at, 5.2)


def test_a_click_is_no_turn() -> None:
    assert edges((1, 0.0), (FRAME_SECONDS, 0.9), (1, 0.0)) == []


def test_a_short_pause_does_not_end_a_turn() -> None:
    assert len(edges((1, 0.9), (0.4, 0.0), (1, 0.9), (1, 0.0))) == 2


def test_the_pause_that_ends_a_turn_is_the_clients_to_choose() -> None:
    sound = (1, 0.9), (0.8, 0.0), (1, 0.9), (2.0, 0.0)
    assert len(edges(*sound)) == 4
    assert len(edges(*sound, taking=TurnTaking(silence=1.0))) == 2


def test_speech_that_has_begun_may_become_less_probable() -> None:
    assert len(edges((1, 0.9), (2, 0.4), (1, 0.0))) == 2
    assert edges((2, 0.4)) == []


def test_a_turn_never_begins_before_the_one_before_has_ended() -> None:
    first, end, second, _ = edges((1, 0.9), (0.52, 0.0), (1, 0.9), (1, 0.0), taking=TurnTaking(lead=5.0))
    assert first.at == 0.0
    assert second.at == end.at


@given(st.lists(st.floats(0, 1), max_size=200), st.floats(0.01, 0.99), st.floats(0, 2), st.floats(0.2, 2))
def test_whatever_is_heard_edges_alternate_and_never_run_back(
    probabilities: list[float], onset: float, lead: float, silence: float
) -> None:
    found = list(Turns(TurnTaking(onset, lead, silence)).edges(probabilities))
    assert [one.begins for one in found] == [index % 2 == 0 for index in range(len(found))]
    assert all(before.at <= after.at for before, after in pairwise(found))
    assert all(0.0 <= one.at <= len(probabilities) * FRAME_SECONDS for one in found)
