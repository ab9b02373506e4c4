"""What of a growing recording's text is certain: what two looks in a row say alike. Pure.

LocalAgreement-2 of Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System", 2023 (arXiv 2307.14743). Theirs
finds its place in a new hypothesis by time; ours by the text itself: times of one word move from look to look by more than a
short word lasts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_SILENT = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class LiveWord:
    """A word as it is written, with its punctuation. Times are seconds from the start of the stream."""

    text: str
    start: float
    end: float
    probability: float = 1.0

    @property
    def sound(self) -> str:
        """What two looks have to agree on: punctuation and capitals come and go with what follows."""
        return _SILENT.sub("", self.text).casefold() or self.text


class Agreement:
    """The words of one segment, look by look. What is committed stays as it is."""

    def __init__(self) -> None:
        self.committed: list[LiveWord] = []
        self.rest: list[LiveWord] = []
        """What the last look heard beyond that; it may change."""

    def heard(self, hypothesis: Sequence[LiveWord]) -> list[LiveWord]:
        """A look at the segment from its beginning to now; the words that are certain by it."""
        fresh = list(hypothesis[continuation(self.committed, hypothesis) :])
        agreed = 0
        for before, now in zip(self.rest, fresh, strict=False):
            if before.sound != now.sound:
                break
            agreed += 1
        self.rest = fresh[agreed:]
        return self._commit(fresh[:agreed])

    def concluded(self, hypothesis: Sequence[LiveWord]) -> list[LiveWord]:
        """The last look, at the whole segment: all of it that is new is certain."""
        self.rest = []
        return self._commit(hypothesis[continuation(self.committed, hypothesis) :])

    def given_in(self) -> list[LiveWord]:
        """There will be no other look: what the last one heard is certain."""
        rest, self.rest = self.rest, []
        return self._commit(rest)

    def _commit(self, words: Sequence[LiveWord]) -> list[LiveWord]:
        placed: list[LiveWord] = []
        for word in words:
            after = (placed or self.committed or [LiveWord("", 0.0, 0.0)])[-1].end
            start = max(word.start, after)
            placed.append(replace(word, start=round(start, 3), end=round(max(word.end, start), 3)))
        self.committed += placed
        return placed


def continuation(committed: Sequence[LiveWord], hypothesis: Sequence[LiveWord]) -> int:
    """How many of the hypothesis's first words say what is committed already: those that differ from it in the fewest words.

    Among several such numbers, the one that ends nearest to where the committed words end.
    """
    if not committed or not hypothesis:
        return 0
    said = [word.sound for word in hypothesis]
    row = list(range(len(said) + 1))  # edit distance of nothing to the first k words
    for index, word in enumerate(committed):
        diagonal, row[0] = row[0], index + 1
        for k, other in enumerate(said, 1):
            diagonal, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, diagonal + (word.sound != other))
    ends = [hypothesis[0].start, *(word.end for word in hypothesis)]
    return min(range(len(row)), key=lambda k: (row[k], abs(ends[k] - committed[-1].end)))
