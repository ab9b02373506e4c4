"""How well words are placed in time.

A word is right within a tolerance when the reference has the same word with a start at most that far off, each word of the
reference serving for one. Precision is the share of the transcript's words that are right, recall the share of the
reference's words that were found so. Only starts are judged: where a word ends is a matter of taste, and whisperX stretches
a segment's last word. The start error is taken over the words that the alignment of the two texts holds for the same, right
or far off, so that it shows what the tolerances cut off.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from transcription_runner.evaluation.recognition import same_words

TOLERANCES_MS = (50, 100, 200)

Placed = tuple[str, float | None]
"""A word and its start in seconds; None where it has no time."""


@dataclass(frozen=True)
class WordTimes:
    """Counts of words, and the start errors (seconds, absolute). Those of several files add up."""

    reference: int = 0
    hypothesis: int = 0
    right: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TOLERANCES_MS, 0))
    """Tolerance in ms -> words right within it."""
    start_errors: tuple[float, ...] = ()

    def precision(self, tolerance: int) -> float | None:
        """Of the transcript's words, the share right within the tolerance (ms); None without words."""
        return self.right[tolerance] / self.hypothesis if self.hypothesis else None

    def recall(self, tolerance: int) -> float | None:
        """Of the reference's words, the share found within the tolerance (ms); None without words."""
        return self.right[tolerance] / self.reference if self.reference else None

    def f1(self, tolerance: int) -> float | None:
        """The harmonic mean of precision and recall; None when neither side has words."""
        both = self.reference + self.hypothesis
        return 2 * self.right[tolerance] / both if both else None

    def start_error(self, quantile: float) -> float | None:
        """The start error (seconds) that this share of the words stays within; None without words in common."""
        ordered = sorted(self.start_errors)
        if not ordered:
            return None
        place = quantile * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    def __add__(self, other: "WordTimes") -> "WordTimes":
        return WordTimes(
            self.reference + other.reference,
            self.hypothesis + other.hypothesis,
            {tolerance: self.right[tolerance] + other.right[tolerance] for tolerance in TOLERANCES_MS},
            self.start_errors + other.start_errors,
        )


def word_times(reference: Sequence[Placed], hypothesis: Sequence[Placed]) -> WordTimes:
    """Words of the reference without a time are left out; words of the transcript without one count as wrong."""
    known = [(word, start) for word, start in reference if start is not None]
    placed = [(word, start) for word, start in hypothesis if start is not None]
    pairs = same_words([word for word, _ in known], [word for word, _ in placed])
    return WordTimes(
        len(known),
        len(hypothesis),
        {tolerance: _right(known, placed, tolerance / 1000) for tolerance in TOLERANCES_MS},
        tuple(abs(placed[theirs][1] - known[ours][1]) for ours, theirs in pairs),
    )


def _right(reference: Sequence[tuple[str, float]], hypothesis: Sequence[tuple[str, float]], tolerance: float) -> int:
    """How many words can be paired: for each word its starts in order, the earliest that still fits taken (this is optimal)."""
    wanted: dict[str, list[float]] = defaultdict(list)
    given: dict[str, list[float]] = defaultdict(list)
    for word, start in reference:
        wanted[word].append(start)
    for word, start in hypothesis:
        given[word].append(start)
    right = 0
    for word, starts in wanted.items():
        candidates = sorted(given[word])
        following = 0
        for start in sorted(starts):
            while following < len(candidates) and candidates[following] < start - tolerance - ROUNDING:
                following += 1
            if following < len(candidates) and candidates[following] <= start + tolerance + ROUNDING:
                right, following = right + 1, following + 1
    return right


ROUNDING = 1e-6
"""Seconds: times are decimals, and 1.1 is 0.1 from 1.0 though floats deny it."""
