"""What commands set for the whole process: one heap, and no search for garbage while what stays is loaded."""

import gc
import subprocess
import sys

import pytest

from transcription_runner.surroundings import without_collecting

LARGE_BLOCKS = """
import ctypes
from pathlib import Path
from transcription_runner.surroundings import prepare_surroundings

def faults():
    return int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[7])

def block(libc=ctypes.CDLL(None)):
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    ctypes.memset(found := libc.malloc(64 << 20), 1, 64 << 20)
    libc.free(found)

prepare_surroundings()
block()
before = faults()
for _ in range(10):
    block()
print(faults() - before)
"""


def test_a_large_block_that_was_freed_is_there_for_the_next_layer() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE_BLOCKS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000, "each of ten blocks of 64 MiB has 16,384 pages, unless the system gives larger ones"


def test_what_is_loaded_is_not_searched_for_garbage_and_later_garbage_is_found() -> None:
    before = gc.get_freeze_count()
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
    gc.unfreeze()


def test_a_failed_load_leaves_the_collector_on() -> None:
    with pytest.raises(ValueError, match="no model"), without_collecting():
        raise ValueError("no model")
    assert gc.isenabled()
