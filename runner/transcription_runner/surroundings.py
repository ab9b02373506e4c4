"""The process's surroundings, set before the speech libraries are imported: threads, caches, memory, telemetry, logs."""

import ctypes
import gc
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from transcription_runner.models.folders import folders_of_environment, use_model_folders

OFF = {"PYANNOTE_METRICS_ENABLED": "0", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
ALLOCATOR = {"CT2_CUDA_ALLOCATOR": "cub_caching"}
"""CTranslate2 keeps memory of the GPU for its next step, instead of asking the driver for it at every token."""
SEED = 1
"""Of the samples that the recogniser draws at temperatures above 0."""
CACHES = {"HF_HOME": "huggingface", "TORCH_HOME": "torch", "MPLCONFIGDIR": "matplotlib", "NUMBA_CACHE_DIR": "numba"}
"""Where libraries keep files between runs: folders below XDG_CACHE_HOME, said here alone."""
ONE_HEAP = {-8: 1, -4: 0, -1: 1 << 30}
"""glibc's malloc (its numbers, in malloc.h): one arena, no mapping of its own for a large block, free pages at the end stay.

Otherwise each layer of a network asks the system for its memory anew, and the arenas of many threads keep what is free: 60 files
took 2.3 GB instead of 1.8. What is free goes back to the system every few seconds (engine/heap.py)."""


def prepare_surroundings(model_folders: Sequence[Path] = ()) -> None:
    """Nothing phones home, caches lie where writing is allowed, models are found, and the libraries' logs go through ours.

    Models are looked for in `model_folders`, then in those of TRANSCRIPTION_MODEL_PATH. Variables that are set already stay as
    they are.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        for parameter, amount in ONE_HEAP.items():
            mallopt(parameter, amount)
    folders = [*model_folders, *folders_of_environment()]
    use_model_folders(folders)
    for name, value in {**OFF, **ALLOCATOR}.items():
        os.environ.setdefault(name, value)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = home if _writable(home) else Path(tempfile.gettempdir()) / "cache"
    for name, folder in CACHES.items():
        os.environ.setdefault(name, str(cache / folder))
    tokenizers = next((folder / "nltk_data" for folder in folders if (folder / "nltk_data").is_dir()), None)
    if tokenizers is not None:
        os.environ.setdefault("NLTK_DATA", str(tokenizers))
    logging.getLogger("whisperx").addHandler(logging.NullHandler())  # keeps whisperx from installing a handler of its own
    for noisy in ("lightning.pytorch.utilities.migration.utils", "whisperx", "matplotlib", "faster_whisper"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")  # of the libraries' own inner matters; ours go through logging


def prepare_libraries(threads: int) -> None:
    """Share out the CPU's `threads`, and draw the same samples in every process: the same sound has the same transcript."""
    import ctranslate2
    import torch

    torch.set_num_threads(max(1, threads // 2))  # beside the recogniser's
    ctranslate2.set_random_seed(SEED)


@contextmanager
def without_collecting() -> Iterator[None]:
    """While libraries and models are loaded: all that comes stays, so looking for garbage among it takes a second for nothing."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def available_threads() -> int:
    """OMP_NUM_THREADS if set; else the cores that this process may use, by its CPU set and its cgroup's quota."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    return max(1, min(len(os.sched_getaffinity(0)), _quota()))


def _quota() -> int:
    """Whole cores that the container's limit allows (cgroup v2, then v1); a large number where there is no limit."""
    files = (
        Path("/sys/fs/cgroup/cpu.max"),
        Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    )
    texts = [file.read_text().split() if file.exists() else [] for file in files]
    quota, period = texts[0] if len(texts[0]) == 2 else ([*texts[1], "max"][0], [*texts[2], "0"][0])
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return 1 << 16
    return max(1, int(quota) // int(period))


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
