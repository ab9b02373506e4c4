"""What shares a batch, and what may be in flight."""

from threading import Event, Thread

from transcription_runner.engine.gate import Gate
from transcription_runner.engine.pool import Pool, Waiting, together


def waiting(*seconds: float) -> list[Waiting[float]]:
    return [Waiting(length, length) for length in seconds]


def lengths(batch: list[Waiting[float]]) -> list[float]:
    return [one.seconds for one in batch]


def test_a_batch_holds_the_longest_waiting_chunk_and_those_nearest_in_length() -> None:
    assert lengths(together(waiting(5.0, 30.0, 6.0, 29.0, 4.0), 3)) == [5.0, 6.0, 4.0]


def test_among_equals_the_longest_wait_counts() -> None:
    chunks = [Waiting(5.0, name) for name in "abcd"]
    assert [one.chunk for one in together(chunks, 2)] == ["a", "b"]


def test_a_chunk_of_unusual_length_is_not_passed_over_for_ever() -> None:
    pool: Pool[float] = Pool(Event())
    pool.add(waiting(30.0))
    pool.add(waiting(*[1.0] * 10))
    assert 30.0 in lengths(pool.take(4))


def test_workers_that_wait_together_share_what_is_there() -> None:
    pool: Pool[float] = Pool(Event())
    taken: list[int] = []
    workers = [Thread(target=lambda: taken.append(len(pool.take(8)))) for _ in range(2)]
    for worker in workers:
        worker.start()
    while pool._idle < 2:
        pass
    pool.add(waiting(1.0, 2.0, 3.0, 4.0))
    for worker in workers:
        worker.join(5)
    assert sorted(taken) == [2, 2]


def test_the_pool_is_empty_for_ever_once_closed_or_cancelled() -> None:
    closed: Pool[float] = Pool(Event())
    closed.add(waiting(1.0))
    closed.close()
    assert lengths(closed.take(8)) == [1.0]
    assert closed.take(8) == []
    cancelled = Event()
    pool: Pool[float] = Pool(cancelled)
    pool.add(waiting(1.0))
    cancelled.set()
    assert pool.take(8) == []


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
