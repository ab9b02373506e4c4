"""From speech probabilities to chunks: hysteresis, a cut at the quietest frame where speech is too long, and merging. Pure.

The rules are WhisperX's (Bain et al. 2023, "VAD Cut & Merge"), computed with arrays instead of frame by frame.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Chunk:
    """A stretch of speech, seconds from the start of the audio; at most the chunk size long."""

    start: float
    end: float
    voiced: tuple[tuple[float, float], ...] = ()
    """Where in it somebody speaks, start and end; empty: throughout."""


def regions(
    probabilities: NDArray[np.float32], times: NDArray[np.float64], onset: float, offset: float, longest: float
) -> list[Chunk]:
    """Where speech is: from the frame that rises above `onset` to the one that falls below `offset`.

    `probabilities`: shape (frames,); `times`: the frames' middles in seconds. A region longer than `longest` seconds is cut
    at its least probable frame, which is looked for in the second half, so that no part is short.
    """
    if not len(probabilities):
        return []
    decided = np.where(probabilities > onset, 1, np.where(probabilities < offset, 0, -1))
    decided[0] = int(probabilities[0] > onset)
    latest = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(decided)), 0))
    edges = np.flatnonzero(np.diff(decided[latest], prepend=0, append=0))
    last = len(times) - 1
    found: list[Chunk] = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        found += _cut(probabilities, times, first, min(end, last), longest)
    return found


def _cut(probabilities: NDArray[np.float32], times: NDArray[np.float64], first: int, end: int, longest: float) -> list[Chunk]:
    parts: list[Chunk] = []
    begin = first
    while times[end] - times[begin] > longest:
        limit = int(np.searchsorted(times, times[begin] + longest, side="right"))
        middle = first + (limit - first) // 2
        quietest = middle + int(np.argmin(probabilities[middle:limit]))
        parts.append(Chunk(float(times[begin]), float(times[quietest])))
        begin, first = quietest, quietest + 1
    if end > begin:
        parts.append(Chunk(float(times[begin]), float(times[end])))
    return parts


def merged(found: Iterable[Chunk], longest: float) -> list[Chunk]:
    """Neighbours joined, pauses included, as long as the whole is no longer than `longest` seconds."""
    chunks: list[Chunk] = []
    for region in found:
        if chunks and region.end - chunks[-1].start <= longest:
            chunks[-1] = Chunk(chunks[-1].start, region.end, (*chunks[-1].voiced, (region.start, region.end)))
        else:
            chunks.append(Chunk(region.start, region.end, ((region.start, region.end),)))
    return chunks
