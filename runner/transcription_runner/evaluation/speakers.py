"""Diarization errors, by pyannote.metrics: missed speech, false alarms and confused speakers, against the reference's speech.

Speakers are matched one to one so that the confusion is smallest; overlapping speech counts for each of its speakers; turns
of one speaker that touch or overlap are one turn. A collar leaves out so many seconds around each turn's start and end in
the reference, half of them on each side (pyannote's meaning; the `-c` of NIST's md-eval is one side: its 0.25 is 0.5 here).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transcription_runner.evaluation.speech import SpeakerTurn

COLLARS = (0.0, 0.25)
"""Seconds."""


@dataclass(frozen=True)
class SpeakerErrors:
    """Seconds of speech in the reference and of errors. Those of several files add up."""

    speech: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0

    @property
    def rate(self) -> float | None:
        """Seconds of error for each second of speech; None without speech in the reference."""
        return (self.missed + self.false_alarm + self.confusion) / self.speech if self.speech else None

    def __add__(self, other: "SpeakerErrors") -> "SpeakerErrors":
        return SpeakerErrors(
            self.speech + other.speech,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
        )


def speaker_errors(reference: Sequence[SpeakerTurn], hypothesis: Sequence[SpeakerTurn], collar: float) -> SpeakerErrors:
    """Errors of one recording; `collar` in seconds."""
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    end = max((turn.end for turn in (*reference, *hypothesis)), default=0.0)
    if not end:
        return SpeakerErrors()
    metric = DiarizationErrorRate(collar=collar)
    whole = Timeline([Segment(0.0, end)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = metric(_annotation(reference), _annotation(hypothesis), uem=whole, detailed=True)
    return SpeakerErrors(*(float(found[part]) for part in ("total", "missed detection", "false alarm", "confusion")))


def _annotation(turns: Sequence[SpeakerTurn]) -> Any:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for number, turn in enumerate(turns):
        annotation[Segment(turn.start, turn.end), number] = turn.speaker
    return annotation.support()  # what overlaps itself would count twice
