"""The batch size: chosen from free memory, halved when it did not fit, raised again later."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from transcription_runner.engine.batch_size import (
    MEGABYTE,
    MOST,
    MOST_PATIENCE,
    PATIENCE,
    SHARE,
    BatchSize,
    fitting,
    free_memory,
    in_batches,
)

GIGABYTE = 1 << 30


LARGE = 3090 * MEGABYTE
"""The float16 weights of large-v2."""


def test_what_the_recipe_asks_for_is_taken_as_it_is() -> None:
    assert BatchSize(24, fitting=2).current == 24


def test_what_the_recipe_leaves_open_is_what_fits() -> None:
    assert BatchSize(None, fitting=12).current == 12


def test_more_memory_holds_more_up_to_what_is_of_use() -> None:
    sizes = [fitting(LARGE, free * GIGABYTE, "cuda") for free in (1, 4, 12, 20, 130)]
    assert sizes == sorted(sizes)
    assert sizes[2] >= 16, "a card of 16 GB, with the model loaded"
    assert sizes[-1] == MOST["cuda"]


def test_there_is_always_room_for_one() -> None:
    assert fitting(LARGE, 0, "cpu") == fitting(LARGE, 1, "cuda") == 1


def test_a_cpu_takes_twice_the_memory_and_needs_smaller_batches() -> None:
    free = int(2 * (LARGE // 8 + 50 * MEGABYTE) * 2 / SHARE) + 1
    assert (fitting(LARGE, free, "cpu"), fitting(LARGE, free, "cuda")) == (2, 4)
    assert fitting(LARGE, 1000 * GIGABYTE, "cpu") == MOST["cpu"]


@pytest.mark.parametrize(
    ("weights", "needs"),
    [(75, 36), (145, 54), (484, 110), (1530, 220), (3090, 335)],
    ids=["tiny", "base", "small", "medium", "large"],
)
def test_the_estimate_covers_the_known_needs_of_whisper_models_and_is_not_twice_too_much(weights: int, needs: int) -> None:
    """Megabytes of float16 weights, and of cross attention and encoder scores for each window, from the models' dimensions."""
    size = fitting(weights * MEGABYTE, free := 4 * GIGABYTE, "cuda")
    room = free * SHARE / MEGABYTE
    assert min(MOST["cuda"], room // (2 * needs)) <= size <= room // needs


def test_it_is_halved_down_to_one_and_then_there_is_no_way_on() -> None:
    size = BatchSize(5)
    assert [(size.on_out_of_memory(), size.current) for _ in range(3)] == [(True, 2), (True, 1), (False, 1)]


def test_a_small_last_batch_that_failed_counts_with_its_own_size() -> None:
    size = BatchSize(32)
    assert size.on_out_of_memory(attempted=6)
    assert size.current == 3


def test_a_failure_of_what_was_larger_than_the_current_size_does_not_raise_it() -> None:
    size = BatchSize(4)
    size.on_out_of_memory()
    size.on_out_of_memory(attempted=4)
    assert size.current == 1


def test_a_single_chunk_that_does_not_fit_is_the_end_whatever_the_size() -> None:
    assert not BatchSize(8).on_out_of_memory(attempted=1)


def machine(root: Path, folder: str = "", **files: str) -> Path:
    """A root with 8 GB available, and files of a memory cgroup in `folder`."""
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text("MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n")
    (root / "sys/fs/cgroup" / folder).mkdir(parents=True)
    for name, content in files.items():
        (root / "sys/fs/cgroup" / folder / f"memory.{name}").write_text(content)
    return root


def test_without_a_limit_what_the_machine_has_is_free(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, max="max\n", current="5\n")) == 8_000_000 * 1024


def test_under_a_limit_what_it_leaves_is_free_and_page_cache_counts_as_free(tmp_path: Path) -> None:
    root = machine(tmp_path, max="1000\n", current="900\n", stat="anon 500\ninactive_file 300\n")
    assert free_memory(root) == 400


def test_a_limit_larger_than_the_machine_is_none(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, max=str(1 << 60), current="0")) == 8_000_000 * 1024


def test_older_machines_say_it_elsewhere(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, "memory", limit_in_bytes="1000", usage_in_bytes="400")) == 600


def test_this_machine_says_how_much_is_free() -> None:
    assert free_memory() > 0


def fits(size: BatchSize, batches: int) -> None:
    """So many full batches fit."""
    for _ in range(batches):
        size.on_success(size.current)


def test_a_lowered_size_is_doubled_again_after_enough_full_batches_up_to_what_was_wanted() -> None:
    size = BatchSize(20)
    size.on_out_of_memory()
    size.on_out_of_memory()
    assert size.current == 5
    sizes = []
    for _ in range(4):
        fits(size, PATIENCE)
        sizes.append(size.current)
    assert sizes == [10, 20, 20, 20]


def test_small_batches_say_nothing_about_larger_ones() -> None:
    size = BatchSize(32)
    size.on_out_of_memory()
    for _ in range(10 * PATIENCE):
        size.on_success(8)
    assert size.current == 16


def test_a_size_that_failed_again_is_tried_more_and_more_seldom_but_always_again() -> None:
    size, waits = BatchSize(8), []
    size.on_out_of_memory()
    for _ in range(7):
        waited = 0
        while size.current == 4:
            size.on_success(4)
            waited += 1
        waits.append(waited)
        size.on_out_of_memory()
    assert waits == [PATIENCE, 2 * PATIENCE, 4 * PATIENCE, 8 * PATIENCE, *[MOST_PATIENCE] * 3]


def squares(most: int, asked: list[int]) -> Callable[[Sequence[int]], list[int]]:
    """Squares, in a memory that holds so many items at once."""

    def compute(items: Sequence[int]) -> list[int]:
        asked.append(len(items))
        if len(items) > most:
            raise MemoryError
        return [item**2 for item in items]

    return compute


def test_items_that_do_not_fit_together_are_computed_in_smaller_batches_in_order_and_none_is_lost() -> None:
    asked: list[int] = []
    size = BatchSize(8)
    found = [square for _, squared in in_batches(range(11), size, squares(3, asked)) for square in squared]
    assert found == [item**2 for item in range(11)]
    assert asked == [8, 4, 2, 2, 2, 2, 2, 1]


def test_an_item_that_does_not_fit_alone_is_an_error_as_is_everything_that_is_no_lack_of_memory() -> None:
    with pytest.raises(MemoryError):
        list(in_batches([1, 2], BatchSize(2), squares(0, [])))
    with pytest.raises(ZeroDivisionError):
        list(in_batches([1, 0], BatchSize(2), lambda items: [1 // item for item in items]))
