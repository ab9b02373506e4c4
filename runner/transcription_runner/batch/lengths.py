"""How much sound is in so many bytes? Seconds of audio of files that nobody has opened yet, by their size and suffix.

At first each suffix has the bit rate that such files usually have; what files of this source showed, opened now or by an earlier
run, takes its place. Nothing is held but a few sums for each suffix, however many files there are.

The estimate for a suffix is the classical ratio estimator (W. Cochran, Sampling Techniques, chapter 6): seconds by byte of the
files seen, times the bytes of the others; its error follows from how far the files seen stray from their common ratio. It
supposes that files which come first in the listing are like the others.
"""

import math
from dataclasses import dataclass, fields

from transcription_api.report import MOST, MOST_ERROR, MOST_KINDS, Kind
from transcription_api.status import MOST_BYTES
from transcription_runner.batch.sources import SourceFile
from transcription_runner.engine.decoding.suffixes import KNOWN_SUFFIXES

_USUAL_KILOBITS = {
    # PCM of 16 bits at 16 kHz, one channel, as speech is recorded; music has more than five times as much.
    "wav wave w64 au snd caf": 256,
    "aif aifc aiff": 1411,
    "flac ape tta wv": 256,
    "mp2 mp3 mpga m4a m4b aac mka": 128,
    "wma": 96,
    "oga ogg opus spx weba": 48,
    "amr": 12,
    "ac3 eac3 dts": 384,
    "3g2 3gp": 300,
    "asf avi flv m4v mkv mov mp4 mpeg mpg ogv ts webm wmv": 1500,
    "m2ts mts": 17_000,
}
"""By suffix, in kilobits a second: what encoders make when nobody tells them otherwise. Video is what calls and meetings have."""
USUAL_RATES = {suffix: 8 / (kilobits * 1000) for suffixes, kilobits in _USUAL_KILOBITS.items() for suffix in suffixes.split()}
"""Seconds of audio by byte."""
OTHER_RATE = USUAL_RATES["mp3"]
"""Of a suffix that nobody knows, which source.include can let in."""
USUAL_ERROR, ERROR_OF_ONE = 1.0, 0.5
"""Shares of an estimate by which it may be off: by a usual rate alone, and by the rate of one file."""
DOUBTFUL_FILES = 2
"""So many files that stray by ERROR_OF_ONE are supposed to be among those seen: a few that happen to agree prove little."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of audio in the files that a run has to do."""

    seconds: float
    error: float
    """A standard error, as a share of `seconds`."""


@dataclass
class _Kind:
    """The files of one suffix."""

    usual_rate: float
    surveyed_files: int = 0
    surveyed_bytes: int = 0
    surveyed_squares: int = 0
    walked_files: int = 0
    walked_bytes: int = 0
    skipped_bytes: int = 0
    known_bytes: int = 0
    known_seconds: float = 0.0
    settled_files: int = 0
    # Of the files that teach the rate: how many, and sums of seconds, bytes, their squares and products.
    files: int = 0
    seconds: float = 0.0
    bytes: int = 0
    squared_seconds: float = 0.0
    squared_bytes: float = 0.0
    products: float = 0.0

    def learn(self, size: int, seconds: float) -> None:
        self.files += 1
        self.seconds += seconds
        self.bytes += size
        self.squared_seconds += seconds * seconds
        self.squared_bytes += size * size
        self.products += seconds * size

    @property
    def left_bytes(self) -> int:
        return max(0, max(self.surveyed_bytes, self.walked_bytes) - self.skipped_bytes - self.known_bytes)

    @property
    def rate(self) -> float:
        return self.seconds / self.bytes if self.bytes else self.usual_rate

    @property
    def left_seconds(self) -> float:
        return self.left_bytes * self.rate

    @property
    def error(self) -> float:
        """Of `left_seconds`, as a share."""
        if not self.files or not self.bytes or not self.left_bytes:
            return USUAL_ERROR
        strayed = self.squared_seconds - 2 * self.rate * self.products + self.rate**2 * self.squared_bytes
        doubt = DOUBTFUL_FILES * (ERROR_OF_ONE * self.seconds / self.files) ** 2
        scatter = (max(0.0, strayed) + doubt) / (self.files - 1 + DOUBTFUL_FILES)
        left_files = max(0, max(self.surveyed_files, self.walked_files) - self.settled_files)
        share = self.left_bytes / self.bytes
        deviation = math.sqrt(scatter * (self.files * share**2 + left_files))
        return min(MOST_ERROR, deviation / self.left_seconds) if self.left_seconds else MOST_ERROR

    def told(self, suffix: str) -> Kind:
        return Kind(
            suffix=suffix,
            bytes=_bounded(self.known_bytes + self.left_bytes),
            seconds=round(min(MOST, self.known_seconds + self.left_seconds), 1),
            opened_bytes=_bounded(self.known_bytes),
            taught_bytes=_bounded(self.bytes),
            taught_seconds=round(min(MOST, self.seconds), 1),
            error=round(self.error, 4),
        )


class Lengths:
    """What is known of the source's files, by suffix."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def surveyed(self, file: SourceFile) -> None:
        """A file was counted ahead of the work."""
        kind = self._kind(file)
        kind.surveyed_files += 1
        kind.surveyed_bytes += file.size
        kind.surveyed_squares += file.size**2

    def walked(self, file: SourceFile) -> None:
        """The work reached a file for the first time."""
        kind = self._kind(file)
        kind.walked_files += 1
        kind.walked_bytes += file.size

    def skipped(self, file: SourceFile, seconds: float) -> None:
        """A file is not this run's to do; an earlier one found so many seconds in it."""
        kind = self._kind(file)
        kind.settled_files += 1
        kind.skipped_bytes += file.size
        kind.learn(file.size, seconds)

    def opened(self, file: SourceFile, seconds: float) -> None:
        """A file of this run is that long; one without any sound counts, too: there may be more of them."""
        self.unreadable(file)
        kind = self._kind(file)
        kind.known_seconds += seconds
        kind.learn(file.size, seconds)

    def unreadable(self, file: SourceFile) -> None:
        """A file of this run adds nothing, and says nothing of others, as one that is too large."""
        kind = self._kind(file)
        kind.settled_files += 1
        kind.known_bytes += file.size

    @property
    def found_bytes(self) -> int:
        """In all files that were seen."""
        return sum(max(kind.surveyed_bytes, kind.walked_bytes) for kind in self._kinds.values())

    @property
    def skipped_bytes(self) -> int:
        """In files that earlier runs did."""
        return sum(kind.skipped_bytes for kind in self._kinds.values())

    @property
    def known_seconds(self) -> float:
        """In files of this run that were opened."""
        return sum(kind.known_seconds for kind in self._kinds.values())

    def estimate(self) -> Estimate:
        """Seconds in all files that are this run's to do: exact once each was opened."""
        kinds = self._kinds.values()
        seconds = self.known_seconds + sum(kind.left_bytes * kind.rate for kind in kinds)
        error = math.hypot(*(kind.left_seconds * kind.error for kind in kinds))
        return Estimate(seconds, error / seconds if seconds else 0.0)

    @property
    def stretch_seconds(self) -> float:
        """How long the file is that a second of audio is in, on an average, of all that were counted ahead of the work."""
        kinds = self._kinds.values()
        lengths = sum(kind.surveyed_bytes * kind.rate for kind in kinds)
        return sum(kind.surveyed_squares * kind.rate**2 for kind in kinds) / lengths if lengths else 0.0

    def kinds(self) -> list[Kind]:
        """The suffixes with most bytes, and the others as one."""
        by_size = sorted(self._kinds.items(), key=lambda one: (-max(one[1].surveyed_bytes, one[1].walked_bytes), one[0]))
        if len(by_size) <= MOST_KINDS:
            return [kind.told(suffix) for suffix, kind in by_size]
        first, others = by_size[: MOST_KINDS - 1], [kind for _, kind in by_size[MOST_KINDS - 1 :]]
        return [*(kind.told(suffix) for suffix, kind in first), _together(others).told("others")]

    def _kind(self, file: SourceFile) -> _Kind:
        """Suffixes that nobody knows are one kind, so there are never many."""
        suffix = file.key.rpartition(".")[2].lower()
        if suffix not in KNOWN_SUFFIXES:
            suffix = ""
        found = self._kinds.get(suffix)
        if found is None:
            found = self._kinds[suffix] = _Kind(USUAL_RATES.get(suffix, OTHER_RATE))
        return found


def _together(kinds: list[_Kind]) -> _Kind:
    sums = {sum_.name: sum(getattr(kind, sum_.name) for kind in kinds) for sum_ in fields(_Kind)}
    promised = sum(kind.left_bytes * kind.usual_rate for kind in kinds)
    left = sum(kind.left_bytes for kind in kinds)
    return _Kind(**{**sums, "usual_rate": promised / left if left else OTHER_RATE})


def _bounded(number: int) -> int:
    return min(number, MOST_BYTES)
