"""Where cues end: the cuts of a run that a reader minds least, found over all possible ones by dynamic programming.

A cue must fit the page and may not last too long. Among those that do, these cost: the break at a cue's end (`breaks.py`), each
second that is lacking to read it before the next one comes, being much smaller than half a page, and going on after the end of
a sentence. The weights are ours, set by eye.
"""

from transcription_runner.formats.breaks import ends_sentence
from transcription_runner.formats.reading import LONGEST, SHORTEST, Page
from transcription_runner.formats.runs import Run

CUE = 0.1
"""Every cue, so that nothing is cut for nothing."""
LACKING = 1.0
"""Each second that is lacking to read it."""
SMALL = 1.0
"""A cue of next to nothing; falls with the square of what is missing to half a page."""
NEXT_SENTENCE = 0.25
"""Each sentence that ends before the cue does."""


def cue_ends(run: Run, page: Page) -> list[int]:
    """The positions in the run's tokens after which a cue ends, the last one included. Linear in the number of tokens."""
    tokens, count = run.tokens, len(run.tokens)
    until = [token.start for token in tokens[1:]] + [run.following]
    inner = [NEXT_SENTENCE if ends_sentence(token.text) else 0.0 for token in tokens]
    half = page.width * page.rows / 2
    best, previous = [0.0] + [float("inf")] * count, [0] * (count + 1)
    for first in range(count):
        start, base = tokens[first].start, best[first] + CUE
        rows, row, total = 1, run.prefix, 0
        for last in range(first, count):
            token = tokens[last]
            if last > first:
                space = token.spaced
                if row + space + token.width > page.width:
                    rows, row, space = rows + 1, 0, False
                if rows > page.rows or token.end - start > LONGEST:
                    break
                row += space
                total += space
                base += inner[last - 1]
            row += token.width
            total += token.width
            cost = base + run.costs[last]
            room = min(until[last] - start, LONGEST)
            need = max(total / page.speed, SHORTEST)
            if need > room:
                cost += LACKING * (need - room)
            if total < half:
                cost += SMALL * (1 - total / half) ** 2
            if cost < best[last + 1]:
                best[last + 1], previous[last + 1] = cost, first
    ends = [count]
    while previous[ends[-1]]:
        ends.append(previous[ends[-1]])
    return ends[::-1]
