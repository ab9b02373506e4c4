"""Subtitle segmentation: from a transcript to cues that fit a screen and a reader. SRT and VTT are set from the same cues."""

from collections.abc import Iterator
from itertools import chain, pairwise

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.cue import Cue
from transcription_runner.formats.cuts import cue_ends
from transcription_runner.formats.lines import lines
from transcription_runner.formats.reading import Page, page
from transcription_runner.formats.runs import Run, runs
from transcription_runner.formats.timestamps import milliseconds
from transcription_runner.formats.timing import highlighted, one_at_a_time, readable
from transcription_runner.formats.tokens import segment_tokens


def cues(transcript: Transcript, limits: Subtitles) -> list[Cue]:
    """All words of the transcript, in order, as cues within `limits` and those of the language (`reading.py`).

    Starts increase and no cue reaches into the next. A word longer than a line stands alone on its line: nothing is cut or lost.
    """
    holds = page(transcript, limits)
    tokens = chain.from_iterable(map(segment_tokens, transcript.segments))
    spoken = [cue for run in runs(tokens, holds) for cue in _spoken(run, holds)]
    shown = readable(spoken, holds.speed, milliseconds(transcript.transcription.duration_seconds))
    return list(one_at_a_time(chain.from_iterable(map(highlighted, shown)) if limits.highlight_words else shown))


def _spoken(run: Run, holds: Page) -> Iterator[Cue]:
    for first, last in pairwise((0, *cue_ends(run, holds))):
        tokens = run.tokens[first:last]
        set_ = lines(tokens, run.costs[first:last], holds, run.prefix)
        yield Cue(milliseconds(tokens[0].start), milliseconds(tokens[-1].end), set_, run.speaker)
