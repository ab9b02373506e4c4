"""What became of requests, and what that is worth: a failed request is no figure, and neither is a fast one without its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..runner.beside_bulk import percentile
from ..runner.real import error_rate
from .sounds import Sound

TRANSCRIBED, REFUSED = "200", "429"
LATE = "late"
"""No answer within the time that its client had for it."""


@dataclass(frozen=True)
class Answer:
    """What a client got for a sound."""

    sound: Sound
    outcome: str
    """The status; LATE; or the name of the error that there was instead of an answer."""
    sent: float
    """When, by the monotonic clock."""
    seconds: float
    """From then to the last byte, or until it went wrong."""
    text: str = ""

    @property
    def ended(self) -> float:
        """When it was over, by the monotonic clock."""
        return self.sent + self.seconds


def transcribed(answers: Sequence[Answer]) -> list[Answer]:
    """The answers, all of them transcripts. Raises RuntimeError otherwise."""
    found = outcomes(answers)
    if set(found) - {TRANSCRIBED}:
        raise RuntimeError(f"{len(answers) - found.get(TRANSCRIBED, 0)} of {len(answers)} requests failed: {found}")
    return [*answers]


def outcomes(answers: Sequence[Answer]) -> dict[str, int]:
    """How many ended how, the most frequent first."""
    return dict(Counter(answer.outcome for answer in answers).most_common())


def errors(answers: Sequence[Answer]) -> int:
    """How many got neither a transcript nor the word that there is no room now."""
    return sum(answer.outcome not in (TRANSCRIBED, REFUSED) for answer in answers)


def word_error_rate(answers: Sequence[Answer]) -> float:
    """Word errors over words said, all answers as one."""
    return round(error_rate([answer.sound.text for answer in answers], [answer.text for answer in answers]), 5)


def p95(answers: Sequence[Answer]) -> float:
    """The 95th percentile of their seconds."""
    return percentile([answer.seconds for answer in answers], 0.95)


def spread(answers: Sequence[Answer]) -> dict[str, float]:
    """Seconds: median, 95th percentile and the longest; nothing where there are no answers."""
    seconds = [answer.seconds for answer in answers]
    shares = {"p50": 0.5, "p95": 0.95, "most": 1.0}
    return {name: round(percentile(seconds, share), 3) for name, share in shares.items()} if seconds else {}
