"""Freed memory goes back to the system, and not so often that it would cost time."""

import subprocess
import sys

from transcription_runner.engine.heap import SECONDS, Heap

FILLS_AND_FREES = """
import ctypes
from pathlib import Path
from transcription_runner.engine.heap import SECONDS, Heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

heap = Heap(clock=iter((0.0, SECONDS, SECONDS)).__next__)
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
pairs = [(malloc(1 << 16), malloc(1 << 6)) for _ in range(1024)]  # a small block after each, so that free alone returns nothing
for block, _ in pairs:
    ctypes.memset(block, 1, 1 << 16)
for block, _ in pairs:
    free(block)
kept = resident()
heap.give_back()
print(kept - resident())
"""


def test_freed_memory_goes_back() -> None:
    given_back = subprocess.run([sys.executable, "-c", FILLS_AND_FREES], capture_output=True, check=True).stdout
    assert int(given_back) > 0.9 * (1 << 26)


def test_it_goes_back_at_most_every_few_seconds() -> None:
    heap = Heap(clock=iter((0.0, SECONDS - 1, SECONDS, SECONDS, SECONDS + 1)).__next__)
    assert [heap.give_back(), heap.give_back(), heap.give_back()] == [False, True, False]
