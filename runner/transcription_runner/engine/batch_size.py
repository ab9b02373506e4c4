"""How many items a stage computes at once: as many as memory holds, fewer after each time that it did not, more again later.

What one more chunk (a window of 30 s) costs the recogniser is estimated from the size of the model's weights. Counted in float16,
a Whisper model keeps for each window the keys and values of its decoder's cross attention, layers x 2 x 1500 frames x width x 2
bytes, which is 8 to 13% of its weights (tiny 9 MB of 75 MB, large 245 MB of 3.1 GB), and in passing the encoder's attention
scores, heads x 1500 x 1500 x 2 bytes, 27 to 90 MB. The estimate is generous, and it is no promise: hence the halving.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from transcription_runner.engine.cuda import empty_cache
from transcription_runner.engine.faults import is_out_of_memory

Item = TypeVar("Item")
Found = TypeVar("Found")

MOST = {"cuda": 32, "cpu": 8}
"""Beyond these larger batches gain little: on a GPU a few percent, on a CPU nothing (the encoder's work is the same)."""
SHARE = 0.6
"""Of the free memory; the rest is for other stages, for what decoding needs for each hypothesis, and for fragments."""
UNCOUNTED = 8
"""The batch size where nobody has counted what fits."""
PATIENCE = 16
"""Full batches in a row that must fit before the size is doubled again."""
MOST_PATIENCE = 256
"""The same after several attempts that failed: each failed attempt costs a batch, and doubles the wait for the next."""
MEGABYTE = 1 << 20


class BatchSize:
    """The batch size of one stage. It falls when memory runs out and rises again later. Threads may share it."""

    def __init__(self, requested: int | None, fitting: int = UNCOUNTED) -> None:
        """`requested`: what the recipe says, which is taken as it is; None leaves it to `fitting`, what memory holds."""
        self._wanted = max(1, fitting if requested is None else requested)
        self._current = self._wanted
        self._fitted, self._patience, self._raised = 0, PATIENCE, False
        self._lock = Lock()

    @property
    def current(self) -> int:
        """Items to compute at once, at least 1."""
        return self._current

    def on_out_of_memory(self, attempted: int | None = None) -> bool:
        """Halve, since a batch of `attempted` items (left out: a full one) did not fit; False if a single one did not."""
        with self._lock:
            failed = min(self._current, attempted or self._current)
            if self._raised:
                self._patience = min(MOST_PATIENCE, 2 * self._patience)
            self._current, self._fitted, self._raised = max(1, failed // 2), 0, False
            return failed > 1

    def on_success(self, computed: int) -> None:
        """A batch of `computed` items fitted. After enough batches that were full, or nearly, a lowered size is doubled."""
        with self._lock:
            if 2 * computed <= self._current:
                return
            self._fitted, self._raised = self._fitted + 1, False
            if self._current == self._wanted:
                self._patience = PATIENCE
            elif self._fitted >= self._patience:
                self._current, self._fitted, self._raised = min(self._wanted, 2 * self._current), 0, True


def in_batches(
    items: Sequence[Item], size: BatchSize, compute: Callable[[Sequence[Item]], Found]
) -> Iterator[tuple[Sequence[Item], Found]]:
    """Each batch of `items`, in order, and what `compute` makes of it. A batch that does not fit into memory is tried in halves.

    Raises what `compute` raises; a lack of memory only where a single item does not fit.
    """
    place = 0
    while place < len(items):
        batch = items[place : place + size.current]
        found = _attempt(batch, size, compute)
        if found is None:
            empty_cache()  # only here: an exception that is still being handled keeps the tensors of its frames alive
            continue
        yield batch, found[0]
        place += len(batch)


def _attempt(batch: Sequence[Item], size: BatchSize, compute: Callable[[Sequence[Item]], Found]) -> tuple[Found] | None:
    try:
        found = compute(batch)
    except Exception as error:
        if is_out_of_memory(error) and size.on_out_of_memory(len(batch)):
            return None
        raise
    size.on_success(len(batch))
    return (found,)


def fitting(weights_bytes: int, free_bytes: int, device: str) -> int:
    """How many chunks memory holds at once, 1 to MOST[device].

    `weights_bytes`: the size of model.bin; `free_bytes`: what is free on the device once the model is loaded (on a CPU see
    `free_memory`). A CPU computes in float32, which takes twice as much as the float16 that is counted above.
    """
    each = (weights_bytes // 8 + 50 * MEGABYTE) * (1 if device == "cuda" else 2)
    return max(1, min(int(free_bytes * SHARE) // each, MOST[device]))


def free_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may still take: what the machine has, or what its cgroup (v2, else v1) leaves of a limit."""
    fields = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    for limit_file, usage_file, reclaimable in (
        ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current", "inactive_file"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit, usage = root / limit_file, root / usage_file
        if limit.is_file() and usage.is_file() and (text := limit.read_text().strip()).isdigit():
            cache = _statistic(usage.with_name("memory.stat"), reclaimable)
            return max(0, min(available, int(text) - int(usage.read_text()) + cache))
    return available


def _statistic(file: Path, name: str) -> int:
    """A figure of memory.stat: the page cache that the kernel gives up before a limit is hit counts as usage, and is free."""
    lines = [line.split() for line in file.read_text().splitlines()] if file.is_file() else []
    return next((int(value) for key, value in lines if key == name), 0)
