"""How many chunks are recognised at once: as many as memory holds, and fewer after each time that it did not.

What one more chunk (a window of 30 s) costs is estimated from the size of the model's weights. Counted in float16, a Whisper
model keeps for each window the keys and values of its decoder's cross attention, layers x 2 x 1500 frames x width x 2 bytes,
which is 8 to 13% of its weights (tiny 9 MB of 75 MB, large 245 MB of 3.1 GB), and in passing the encoder's attention scores,
heads x 1500 x 1500 x 2 bytes, 27 to 90 MB. The estimate is generous, and it is no promise: hence the halving.
"""

from pathlib import Path

MOST = {"cuda": 32, "cpu": 8}
"""Beyond these larger batches gain little: on a GPU a few percent, on a CPU nothing (the encoder's work is the same)."""
SHARE = 0.6
"""Of the free memory; the rest is for other stages, for what decoding needs for each hypothesis, and for fragments."""
UNCOUNTED = 8
"""The batch size where nobody has counted what fits."""
MEGABYTE = 1 << 20


class BatchSize:
    """The batch size of one loaded model, for its life. It only ever falls: what did not fit once is not tried again."""

    def __init__(self, requested: int | None, fitting: int = UNCOUNTED) -> None:
        """`requested`: what the recipe says, which is taken as it is; None leaves it to `fitting`, what memory holds."""
        self._current = max(1, fitting if requested is None else requested)

    @property
    def current(self) -> int:
        """Chunks to recognise at once, at least 1."""
        return self._current

    def on_out_of_memory(self, attempted: int | None = None) -> bool:
        """Halve, since a batch of `attempted` chunks (left out: a full one) did not fit; False if a single one did not."""
        failed = min(self._current, attempted or self._current)
        self._current = max(1, failed // 2)
        return failed > 1


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


_SIGNS = ("out of memory", "_status_alloc_failed", "bad_alloc", "can't allocate memory", "cannot allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch may help. CTranslate2 raises RuntimeError with CUDA's text, torch a class of its own."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS)
