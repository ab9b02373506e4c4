"""How well a diarizer hears conversations whose turns are known."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from transcription_api.speech import Diarization
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.voices.diarize import Pipeline

from .conversations import Conversation
from .espeak import SAMPLE_RATE


@dataclass(frozen=True)
class Score:
    """One conversation: seconds of speech missed, invented, given to the wrong speaker, and spoken; speakers heard and true."""

    missed: float
    invented: float
    confused: float
    spoken: float
    heard: int
    true: int


def score(diarizer: Pipeline, conversation: Conversation) -> Score:
    """Compare turns by pyannote.metrics, without a collar; where two speak at once, both are asked for."""
    pcm = (conversation.sound * 32768).clip(-32768, 32767).astype(np.int16)
    said = [(turn.start / SAMPLE_RATE, turn.end / SAMPLE_RATE, turn.speaker) for turn in conversation.turns]
    heard = [(turn.start, turn.end, turn.speaker) for turn in diarizer.heard(Audio(pcm), Diarization()).turns]
    whole = Timeline([Segment(0, len(pcm) / SAMPLE_RATE)])
    parts = DiarizationErrorRate(collar=0.0, skip_overlap=False)(_annotated(said), _annotated(heard), uem=whole, detailed=True)
    return Score(
        missed=float(parts["missed detection"]),
        invented=float(parts["false alarm"]),
        confused=float(parts["confusion"]),
        spoken=float(parts["total"]),
        heard=len({speaker for *_, speaker in heard}),
        true=len({speaker for *_, speaker in said}),
    )


def error_rate(scores: Sequence[Score]) -> float:
    """The diarization error rate over all the conversations."""
    return sum(one.missed + one.invented + one.confused for one in scores) / sum(one.spoken for one in scores)


def counted_right(scores: Sequence[Score]) -> float:
    """The share of conversations in which as many speakers are heard as speak."""
    return sum(one.heard == one.true for one in scores) / len(scores)


def _annotated(turns: Iterable[tuple[float, float, Hashable]]) -> Annotation:
    annotation = Annotation()
    for number, (start, end, speaker) in enumerate(turns):
        annotation[Segment(start, end), number] = speaker
    return annotation
