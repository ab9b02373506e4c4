"""The dynamic programme of alignment: which frames of the sound belong to which character, on the single best path.

At every frame the path either stays at its character, which costs the blank's log probability, or moves on to the next, which
costs that character's. It may begin and end at any frame, and every character is entered once. This is the rule of
whisperx.alignment (get_trellis, backtrack), which its word times follow, in its single precision; not the CTC rule, which also
pays for a character's repetition. Work and memory: frames x characters, one byte each.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.int32]
Path = tuple[Frames, NDArray[np.float32]]


def best_path(emission: NDArray[np.float32], tokens: NDArray[np.int32], blank: int) -> Path:
    """The frames at which the best path enters each character, and then the frame at which it ends.

    `emission`: log probabilities, shape (frames, columns). `tokens`: the column of each character, shape (n,).
    Answers (n + 1 frames, n mean probabilities from 0 to 1): character i lasts from entered[i] up to entered[i + 1].
    With fewer frames than characters there is no path: both are empty.
    """
    frames, count = emission.shape[0], len(tokens)
    entered, probability = np.zeros(count + 1, np.int32), np.zeros(count, np.float32)
    moves = np.zeros((frames, count + 1), np.bool_)
    score = np.full(count + 1, -np.inf, np.float32)  # of the best path to each character, at the frame reached so far
    score[0] = 0.0
    silence = np.float64(0.0)  # of the path still before the first character; double, as whisperx's cumulative sum
    best, end = np.float32(-np.inf), 0
    for frame in range(frames):
        stay = emission[frame, blank]
        for token in range(min(frame + 1, count), max(0, count - frames + frame), -1):
            stayed, changed = score[token] + stay, score[token - 1] + emission[frame, tokens[token - 1]]
            moves[frame, token] = changed > stayed
            score[token] = max(stayed, changed)
        silence += stay
        score[0] = silence
        if score[count] > best:
            best, end = score[count], frame + 1

    token, frame, length = count, end, 0
    total = np.float64(0.0)
    entered[count] = end
    while token > 0 and frame > 0:
        frame -= 1
        length += 1
        if moves[frame, token]:
            entered[token - 1] = frame
            probability[token - 1] = (total + np.exp(emission[frame, tokens[token - 1]])) / length
            token, length, total = token - 1, 0, np.float64(0.0)
        else:
            total += np.exp(emission[frame, blank])
    if token > 0:
        return entered[:0], probability[:0]
    return entered, probability


@functools.cache
def compiled() -> Callable[[NDArray[np.float32], NDArray[np.int32], int], Path]:
    """`best_path` as machine code that releases the GIL; compiled once for each NUMBA_CACHE_DIR, loaded from there afterwards."""
    import numba

    decorate: Any = numba.njit("(float32[:, ::1], int32[::1], int64)", cache=True, nogil=True)
    function: Callable[[NDArray[np.float32], NDArray[np.int32], int], Path] = decorate(best_path)
    return function
