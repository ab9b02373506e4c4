"""The batch size: chosen from free memory, halved when it did not fit, never raised again."""

from pathlib import Path

import pytest

from transcription_runner.engine.batch_size import MEGABYTE, MOST, SHARE, BatchSize, fitting, free_memory
from transcription_runner.engine.faults import is_out_of_memory

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


class OutOfMemoryError(RuntimeError):
    """As torch names it; torch itself is not needed to recognise it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA: tried to allocate 2.00 GiB"),
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_lack_of_memory_is_recognised(error: BaseException) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA failed with error device-side assert"), ValueError("out of memory"), KeyboardInterrupt()]
)
def test_other_errors_are_not_taken_for_it(error: BaseException) -> None:
    assert not is_out_of_memory(error)
