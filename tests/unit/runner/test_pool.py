"""What shares a batch, whose turn it is, and what may be in flight."""

from threading import Event, Thread
from typing import Any

import pytest

from transcription_runner.engine import pool as pools
from transcription_runner.engine.gate import Gate
from transcription_runner.engine.pool import ANY_LANE, FIRST_IN_A_ROW, Pool, Waiting, together
from transcription_runner.engine.work import Lane

URGENT, BULK = Lane.INTERACTIVE, Lane.BULK


def waiting(*seconds: float, **more: Any) -> list[Waiting[float]]:
    return [Waiting(length, length, **more) for length in seconds]


def lengths(batch: list[Waiting[float]]) -> list[float]:
    return [one.seconds for one in batch]


def pool_of(*items: Waiting[Any]) -> Pool[Any]:
    pool: Pool[Any] = Pool(Event())
    pool.add(items)
    return pool


def test_a_batch_holds_its_leader_and_those_nearest_in_length() -> None:
    chunks = waiting(5.0, 30.0, 6.0, 29.0, 4.0)
    assert lengths(together(chunks, chunks[0], 3)) == [5.0, 6.0, 4.0]


def test_among_equals_the_longest_wait_counts() -> None:
    chunks = [Waiting(5.0, name) for name in "abcd"]
    assert [one.item for one in together(chunks, chunks[0], 2)] == ["a", "b"]


def test_a_chunk_of_unusual_length_is_not_passed_over_for_ever() -> None:
    pool = pool_of(*waiting(30.0), *waiting(*[1.0] * 10))
    assert 30.0 in pool.take(4)


def test_only_what_is_equal_shares_a_batch() -> None:
    pool = pool_of(*(Waiting(5.0, f"{key}{number}", key=key) for number in range(3) for key in "ab"))
    assert pool.take(6) == ["a0", "a1", "a2"]
    assert pool.take(6) == ["b0", "b1", "b2"]


def test_requests_take_turns_so_that_a_long_one_keeps_a_short_one_waiting_for_one_batch() -> None:
    long, short = object(), object()
    pool = pool_of(*(Waiting(30.0, f"long{number}", long) for number in range(100)))
    assert pool.take(4)[0] == "long0"
    pool.add([Waiting(5.0, "short", short)])
    assert "short" in pool.take(4)


def test_clients_take_turns_however_many_requests_each_of_them_has() -> None:
    many = [Waiting(5.0, f"many{number}", object(), "many") for number in range(20)]
    pool = pool_of(*many, Waiting(5.0, "one0", object(), "one"), Waiting(5.0, "one1", object(), "one"))
    assert [pool.take(1)[0] for _ in range(6)] == ["many0", "one0", "many1", "one1", "many2", "many3"]


def test_who_came_later_overtakes_nobody_that_waits_whatever_the_lengths() -> None:
    pool = pool_of(*(Waiting(length, f"{length}", object(), lane=URGENT) for length in (9.0, 3.0, 8.0, 4.0)))
    first = pool.take(2)
    pool.add([Waiting(3.0, "late", object(), lane=URGENT)])
    assert (first, pool.take(2), pool.take(2)) == (["9.0", "3.0"], ["8.0", "4.0"], ["late"])


def test_a_request_of_many_parts_leaves_room_for_others_in_its_own_batch() -> None:
    long = object()
    pool = pool_of(*(Waiting(9.0, f"long{number}", long, lane=URGENT) for number in range(20)))
    pool.add([Waiting(9.0, f"short{number}", object(), lane=URGENT) for number in range(3)])
    assert pool.take(4) == ["long0", "short0", "short1", "short2"]


def test_interactive_goes_before_bulk() -> None:
    pool = pool_of(Waiting(5.0, "bulk", lane=BULK), Waiting(30.0, "urgent", lane=URGENT))
    assert pool.take(1) == ["urgent"]


def test_bulk_keeps_a_share_however_much_is_interactive() -> None:
    pool = pool_of(*(Waiting(5.0, "urgent", lane=URGENT) for _ in range(100)), *(Waiting(5.0, "bulk") for _ in range(100)))
    taken = [pool.take(1)[0] for _ in range(10 * (FIRST_IN_A_ROW + 1))]
    assert taken.count("bulk") == 10


def test_nobody_behind_live_streams_starves() -> None:
    pool = pool_of(*(Waiting(5.0, lane.name, lane=lane) for lane in Lane for _ in range(100)))
    taken = [pool.take(1)[0] for _ in range(10 * (FIRST_IN_A_ROW + 1))]
    assert (taken.count("LIVE"), taken.count("INTERACTIVE"), taken.count("BULK")) == (40, 5, 5)


def test_who_serves_one_lane_only_never_takes_from_the_other() -> None:
    pool = pool_of(Waiting(5.0, "bulk"))
    taken: list[list[str]] = []
    urgent_only = Thread(target=lambda: taken.append(pool.take(1, (URGENT,))), daemon=True)
    urgent_only.start()
    urgent_only.join(0.05)
    assert urgent_only.is_alive()
    pool.add([Waiting(5.0, "urgent", lane=URGENT)])
    urgent_only.join(5)
    assert taken == [["urgent"]]


def test_lanes_never_share_a_batch() -> None:
    pool = pool_of(Waiting(5.0, "urgent", lane=URGENT), Waiting(5.0, "bulk"))
    assert len(pool.take(8)) == 1


def test_what_can_wait_for_company_goes_last_and_together() -> None:
    doubted = [Waiting(5.0, f"doubted{number}", key="again", can_wait=True) for number in range(3)]
    pool = pool_of(*doubted, *waiting(*[5.0] * 8))
    assert pool.take(4) == [5.0] * 4
    assert pool.take(4) == [5.0] * 4
    assert pool.take(4) == ["doubted0", "doubted1", "doubted2"]


def test_a_full_batch_of_what_can_wait_waits_no_longer() -> None:
    pool = pool_of(*waiting(5.0), *(Waiting(5.0, "doubted", key="again", can_wait=True) for _ in range(4)))
    assert pool.take(4) == ["doubted"] * 4


def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(Waiting(5.0, "doubted", key="again", can_wait=True), *waiting(*[5.0] * 8))
    monkeypatch.setattr(pools, "PATIENCE_SECONDS", 0.0)
    assert pool.take(4) == ["doubted"]


def test_what_nobody_waits_for_any_more_is_forgotten() -> None:
    pool = pool_of(*waiting(1.0, 2.0, 3.0))
    pool.drop(lambda item: item == 2.0)
    assert sorted(pool.take(8)) == [1.0, 3.0]


def test_workers_that_wait_together_share_what_is_there() -> None:
    pool: Pool[float] = Pool(Event())
    taken: list[int] = []
    workers = [Thread(target=lambda: taken.append(len(pool.take(8)))) for _ in range(2)]
    for worker in workers:
        worker.start()
    while pool._idle[BULK] < 2:
        pass
    pool.add(waiting(1.0, 2.0, 3.0, 4.0))
    for worker in workers:
        worker.join(5)
    assert sorted(taken) == [2, 2]


def test_the_pool_is_empty_for_ever_once_cancelled() -> None:
    cancelled = Event()
    pool: Pool[float] = Pool(cancelled)
    pool.add(waiting(1.0))
    cancelled.set()
    assert pool.take(8, ANY_LANE) == []


def test_the_gate_counts_files_and_seconds() -> None:
    cancelled = Event()
    gate = Gate(most_files=2, most_seconds=100.0, cancelled=cancelled)
    assert gate.enter()
    gate.measured(30.0)
    assert gate.enter()
    gate.measured(30.0)
    late = Thread(target=gate.enter)
    late.start()
    late.join(0.05)
    assert late.is_alive()
    assert not gate.leave(30.0)
    late.join(5)
    assert not late.is_alive()


def let_in(gate: Gate) -> bool:
    """Whether the gate has room now."""
    late = Thread(target=gate.enter, daemon=True)
    late.start()
    late.join(0.05)
    return not late.is_alive()


def test_the_next_long_file_comes_in_while_the_end_of_the_one_before_is_recognised() -> None:
    gate = Gate(most_files=9, most_seconds=100.0, cancelled=Event())
    gate.enter()
    gate.measured(300.0)
    assert not let_in(gate)
    gate.recognised(210.0)
    assert let_in(gate)


def test_files_that_wait_for_later_stages_are_bounded_too() -> None:
    gate = Gate(most_files=9, most_seconds=100.0, cancelled=Event())
    for _ in range(4):
        assert let_in(gate)
        gate.measured(100.0)
        gate.recognised(100.0)
    assert not let_in(gate)


def test_a_file_that_failed_half_way_leaves_all_its_room() -> None:
    gate = Gate(most_files=1, most_seconds=100.0, cancelled=Event())
    for _ in range(3):
        assert let_in(gate)
        gate.measured(150.0)
        gate.recognised(75.0)
        assert gate.leave(150.0, recognised=75.0)


def test_a_very_long_file_keeps_others_out_until_it_is_done() -> None:
    cancelled = Event()
    gate = Gate(most_files=9, most_seconds=100.0, cancelled=cancelled)
    gate.enter()
    gate.measured(36_000.0)
    gate.recognised(36_000.0)
    entered: list[bool] = []
    late = Thread(target=lambda: entered.append(gate.enter()))
    late.start()
    late.join(0.05)
    assert late.is_alive()
    cancelled.set()
    late.join(5)
    assert entered == [False]
