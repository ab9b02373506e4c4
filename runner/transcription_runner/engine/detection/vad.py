"""Voice activity detection: which stretches of many sounds are speech, merged into chunks that fit Whisper's window."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from transcription_api.speech import Vad, VadMethod
from transcription_runner.engine.audio import SAMPLE_RATE, Audio, floats
from transcription_runner.engine.batch_size import BatchSize, in_batches
from transcription_runner.engine.cuda import SideStream
from transcription_runner.engine.detection.vad_regions import Chunk, merged, regions
from transcription_runner.engine.detection.vad_silero import Silero
from transcription_runner.engine.faults import device_faults

__all__ = ["Chunk", "SpeechFinder"]

SHORTEST_SECONDS = 0.1
"""Below this there is not one frame for the detectors to judge."""
WINDOW_SAMPLES = 5 * SAMPLE_RATE
"""What pyannote's network was trained on; it normalises over the window, so windows of another length give other answers."""
STEP_SAMPLES = SAMPLE_RATE // 2
"""From window to window, as whisperx has it: every frame is judged by ten windows."""
LONG_STEP_SAMPLES = SAMPLE_RATE
"""In long sounds half of these windows say nearly the same; see benchmarks/runner/vad_agreement.py."""
LONG_SAMPLES = 8 * SAMPLE_RATE
"""From here on a sound is long: it has so many windows that each counts little."""
WINDOWS_AT_ONCE = {"cuda": 128, "cpu": 8}
"""On a GPU the network's recurrent layers take as long for many windows as for one; 128 need about 1 GB. On a CPU more than 8
do not fit its caches: each of 16 takes 30% longer than each of 8."""


class SpeechFinder:
    """The detectors. They may be used by several threads."""

    def __init__(self, device: str, threads: int = 1) -> None:
        """Load pyannote's weights, which whisperx carries; silero's, which faster-whisper carries, follow when first needed.

        `threads` of the CPU.
        """
        self._pyannote, self._silero = Pyannote(device, threads), Silero()

    def find(self, sounds: Sequence[tuple[Audio, Vad]]) -> list[list[Chunk]]:
        """Chunks of each sound by its own settings, in order of time; none for silence.

        Raises DeviceError; a lack of memory only for one window.
        """
        found: list[list[Chunk]] = [[] for _ in sounds]
        for method, detector in ((VadMethod.PYANNOTE, self._pyannote), (VadMethod.SILERO, self._silero)):
            places = [
                place
                for place, (sound, settings) in enumerate(sounds)
                if settings.method is method and sound.seconds >= SHORTEST_SECONDS
            ]
            if not places:
                continue
            with device_faults():
                regions_of = detector([sounds[place] for place in places])
            for place, speech in zip(places, regions_of, strict=True):
                sound, settings = sounds[place]
                found[place] = [*_within(merged(speech, float(settings.chunk_size)), sound.seconds)]
        return found


class Pyannote:
    """The network over windows of all sounds in shared batches; where they overlap, what is nearer to a middle counts more.

    On a CPU a batch keeps only torch's own threads busy, so several are judged side by side: a long recording waits for them.
    """

    def __init__(self, device: str, threads: int) -> None:
        import torch

        from transcription_runner.engine.detection import vad_network

        self._device = torch.device(device)
        self._at_once = BatchSize(WINDOWS_AT_ONCE[self._device.type])
        self._workers = max(1, threads // torch.get_num_threads()) if device == "cpu" else 1
        self._network = vad_network.segmentation_network(vad_network.whisperx_weights()).to(self._device)
        self._stream = SideStream(device)
        self._frame_step = vad_network.FRAME_SAMPLES / SAMPLE_RATE
        self._first_middle = vad_network.FIELD_SAMPLES / SAMPLE_RATE / 2

    def __call__(self, asked: Sequence[tuple[Audio, Vad]]) -> list[list[Chunk]]:
        """Stretches of speech of each sound, in order of time."""
        sounds = [sound for sound, _ in asked]
        scores = [Scores(sound, self._frame_step) for sound in sounds]
        windows = ((index, start) for index, sound in enumerate(sounds) for start in window_starts(len(sound.pcm)))

        def speech(part: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
            by_sound = groupby(part, key=lambda window: window[0])
            return self._probabilities([(sounds[index], [start for _, start in of]) for index, of in by_sound])

        def judged(batch: list[tuple[int, int]]) -> NDArray[np.float32]:
            return np.concatenate([found for _, found in in_batches(batch, self._at_once, speech)])

        batches = list(_batches(windows, self._at_once.current))
        with ThreadPoolExecutor(self._workers) as workers:
            for batch, answers in zip(batches, workers.map(judged, batches), strict=True):
                for (index, start), answer in zip(batch, answers, strict=True):
                    scores[index].add(start, answer)
        return [
            regions(*one.mean(self._first_middle), settings.onset, settings.offset, float(settings.chunk_size))
            for one, (_, settings) in zip(scores, asked, strict=True)
        ]

    def _probabilities(self, windows: Sequence[tuple[Audio, Sequence[int]]]) -> NDArray[np.float32]:
        """For each sound's windows, in order: (windows, frames), that anybody speaks, the highest of the network's speakers."""
        import torch

        with torch.inference_mode(), self._stream():
            stretches = [
                (torch.from_numpy(_stretch(sound, starts)).to(self._device), [start - starts[0] for start in starts])
                for sound, starts in windows
            ]
            answer: NDArray[np.float32] = self._network(stretches, WINDOW_SAMPLES).amax(-1).cpu().numpy()
        return answer


class Scores:
    """Frame probabilities of one sound, summed up over its windows."""

    def __init__(self, sound: Audio, frame_step: float) -> None:
        self._step, self._seconds = frame_step, sound.seconds
        frames = int((sound.seconds + WINDOW_SAMPLES / SAMPLE_RATE) / frame_step) + 2
        self._sum, self._weight = np.zeros(frames, np.float32), np.zeros(frames, np.float32)

    def add(self, start: int, speech: NDArray[np.float32]) -> None:
        """The probabilities of the window that starts at this sample."""
        first = round(start / SAMPLE_RATE / self._step)
        weights = np.hamming(len(speech))[: len(self._sum) - first]
        self._sum[first : first + len(weights)] += weights * speech[: len(weights)]
        self._weight[first : first + len(weights)] += weights

    def mean(self, first_middle: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Probabilities and the frames' middles (seconds), up to the end of the sound."""
        times = first_middle + self._step * np.arange(len(self._sum))
        judged = (self._weight > 0) & (times - first_middle < self._seconds)
        mean: NDArray[np.float32] = self._sum[judged] / self._weight[judged]
        return mean, times[judged].astype(np.float64)


def window_starts(samples: int) -> Iterator[int]:
    """Where windows begin in a sound of so many samples. The last one may reach beyond its end, and is filled up with silence."""
    step = STEP_SAMPLES if samples <= LONG_SAMPLES else LONG_STEP_SAMPLES
    yield from range(0, max(0, samples - WINDOW_SAMPLES) + step, step)


def _stretch(sound: Audio, starts: Sequence[int]) -> NDArray[np.float32]:
    """From the first window's start to the last one's end."""
    samples = floats(sound.pcm[starts[0] : starts[-1] + WINDOW_SAMPLES])
    return np.pad(samples, (0, starts[-1] + WINDOW_SAMPLES - starts[0] - len(samples)))


def _within(chunks: list[Chunk], seconds: float) -> Iterator[Chunk]:
    for chunk in chunks:
        start, end = round(chunk.start, 3), min(seconds, round(chunk.end, 3))
        if end > start:
            yield Chunk(start, end, chunk.voiced)


def _batches(windows: Iterator[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    while batch := list(islice(windows, size)):
        yield batch
