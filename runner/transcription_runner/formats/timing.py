"""When cues stand on the screen: long enough to be read where there is room, never two at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from transcription_runner.formats.columns import columns
from transcription_runner.formats.cue import Cue
from transcription_runner.formats.reading import CHAINED, GAP, LONGEST, SHORTEST
from transcription_runner.formats.timestamps import milliseconds


def readable(spoken: Sequence[Cue], speed: float, audio_ms: int) -> Iterator[Cue]:
    """Cues that stand while they are spoken, and longer, into the silence after it, where a reader needs that.

    The reader manages `speed` columns a second. No cue outlasts the audio for that, and none reaches into the next one.
    """
    for index, cue in enumerate(spoken):
        need = max(SHORTEST, sum(map(columns, cue.line_texts())) / speed)
        end = max(cue.end_ms, cue.start_ms + milliseconds(need))
        limit = max(audio_ms, cue.end_ms)
        if index + 1 < len(spoken):
            following = spoken[index + 1].start_ms
            limit = max(following - milliseconds(GAP), (cue.start_ms + following) // 2)
            if limit - end < milliseconds(CHAINED):
                end = limit
        end = min(end, limit, cue.start_ms + milliseconds(LONGEST))
        yield replace(cue, end_ms=max(end, cue.start_ms + 1))


def highlighted(cue: Cue) -> Iterator[Cue]:
    """One cue for each word: the same lines, another word marked; each lasts until the next word starts."""
    starts = [milliseconds(token.start) for line in cue.lines for token in line]
    ends = [*starts[1:], cue.end_ms]
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        yield replace(cue, start_ms=start, end_ms=end, highlighted=index)


def one_at_a_time(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Starts that increase, ends after starts and not after the next start, whatever the times were."""
    previous: Cue | None = None
    for cue in cues:
        start = cue.start_ms if previous is None else max(cue.start_ms, previous.start_ms + 1)
        if previous is not None:
            yield replace(previous, end_ms=min(previous.end_ms, start))
        previous = replace(cue, start_ms=start, end_ms=max(cue.end_ms, start + 1))
    if previous is not None:
        yield previous
