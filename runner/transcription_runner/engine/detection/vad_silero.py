"""The silero network that faster-whisper carries, over sound of any length in bounded memory: block after block, the state kept.

faster-whisper's own function wants the whole recording as 32-bit floats, several times over (ten hours are 2.3 GB each time). The
rules by which probabilities become turns are its own, for the settings that WhisperX gives it. Always on the CPU.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_api.speech import Vad
from transcription_runner.engine.audio import SAMPLE_RATE, Audio, floats
from transcription_runner.engine.detection.vad_regions import Chunk

FRAME = 512
"""Samples that the network judges at a time."""
CONTEXT = 64
"""Samples before a frame that it hears with it."""
STATE = (1, 1, 128)
BLOCK_FRAMES = 2000
"""Frames in one call of the network, about a minute: some tens of megabytes."""
SHORTEST_TURN = SAMPLE_RATE // 4
SHORTEST_PAUSE = SAMPLE_RATE // 10
PAD = 30 * SAMPLE_RATE // 1000
"""Samples that a turn is made longer on both sides, as far as its neighbours let it."""


class Silero:
    """Turns of speech by silero's network. whisperx's own way to it needs the internet."""

    def __call__(self, asked: Sequence[tuple[Audio, Vad]]) -> list[list[Chunk]]:
        """Turns of each sound, in order of time, none longer than the chunk size."""
        return [
            [
                Chunk(start / SAMPLE_RATE, end / SAMPLE_RATE)
                for start, end in turns(
                    probabilities(sound), len(sound.pcm), settings.onset, settings.offset, longest_turn(settings)
                )
            ]
            for sound, settings in asked
        ]


def longest_turn(settings: Vad) -> int:
    """Samples of the longest turn: with its pads and the frame that ends it, it fits a chunk."""
    return settings.chunk_size * SAMPLE_RATE - FRAME - 2 * PAD


def probabilities(sound: Audio) -> Iterator[float]:
    """That a frame is speech, for each frame of the sound; the last is filled up with silence."""
    network = SpeechNetwork()
    frames = len(sound.pcm) // FRAME + 1
    for first in range(0, frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, frames - first)
        samples = floats(sound.pcm[first * FRAME : (first + count) * FRAME])
        yield from network(np.concatenate([samples, np.zeros(count * FRAME - len(samples), np.float32)]))


class SpeechNetwork:
    """The network over one sound that comes in pieces. It remembers what it heard."""

    def __init__(self) -> None:
        from faster_whisper.vad import get_vad_model

        self._session = get_vad_model().session
        self._hidden, self._cell = np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)
        self._heard = np.zeros(CONTEXT, np.float32)

    def __call__(self, samples: NDArray[np.float32]) -> list[float]:
        """That each frame of the next samples, a multiple of FRAME and from -1 to 1, is speech."""
        sound = np.concatenate([self._heard, samples])
        given = {"input": _overlapping(sound), "h": self._hidden, "c": self._cell}
        speech, self._hidden, self._cell = self._session.run(None, given)
        self._heard = sound[-CONTEXT:]
        found: list[float] = np.ravel(speech).tolist()
        return found


def _overlapping(samples: NDArray[np.float32]) -> Any:
    """Frames with the context before each: shape (frames, CONTEXT + FRAME)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, CONTEXT + FRAME)[::FRAME]
    return np.ascontiguousarray(windows)


def turns(speech: Iterable[float], samples: int, onset: float, offset: float, longest: float) -> list[tuple[int, int]]:
    """Where turns begin and end, in samples. `speech`: a probability for each frame; `longest`: samples of the longest turn.

    A turn begins with a frame of at least `onset`. It ends where the probability fell below `offset` and did not reach `onset`
    again for SHORTEST_PAUSE, or at the limit, whatever is heard there. Turns up to SHORTEST_TURN are left out, unless the limit
    cut them. Then each gets PAD on both sides, or half of the pause to its neighbour.
    """
    found: list[list[int]] = []
    begin: int | None = None
    pause: int | None = None
    for index, probability in enumerate(speech):
        place = index * FRAME
        if probability >= onset:
            pause = None
        if begin is None:
            begin = place if probability >= onset else None
        elif place - begin > longest:
            found.append([begin, place])
            begin = pause = None
        elif probability < offset:
            pause = place if pause is None else pause
            if place - pause >= SHORTEST_PAUSE:
                if pause - begin > SHORTEST_TURN:
                    found.append([begin, pause])
                begin = pause = None
    if begin is not None and samples - begin > SHORTEST_TURN:
        found.append([begin, samples])
    return _padded(found, samples)


def _padded(found: list[list[int]], samples: int) -> list[tuple[int, int]]:
    for before, after in pairwise(found):
        pause = after[0] - before[1]
        before[1] += min(PAD, pause // 2)
        after[0] -= min(PAD, pause // 2)
    if found:
        found[0][0] = max(0, found[0][0] - PAD)
        found[-1][1] = min(samples, found[-1][1] + PAD)
    return [(start, end) for start, end in found]
