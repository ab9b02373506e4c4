"""Runs: what one person says without a long pause. A cue never reaches over the end of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from transcription_runner.formats.breaks import break_cost
from transcription_runner.formats.columns import columns
from transcription_runner.formats.reading import PAUSE, Page
from transcription_runner.formats.tokens import Token


@dataclass(frozen=True)
class Run:
    """Tokens of one speaker, and for each how much a reader minds a break after it (the last one's is 0)."""

    tokens: tuple[Token, ...]
    costs: tuple[float, ...]
    following: float
    """Seconds at which the next run starts; infinite for the last one."""

    @property
    def speaker(self) -> str | None:
        return self.tokens[0].speaker

    @property
    def prefix(self) -> int:
        """Columns that the speaker's name takes on each cue's first line, as SRT writes it."""
        return columns(f"[{self.speaker}]: ") if self.speaker else 0


def runs(tokens: Iterable[Token], page: Page) -> list[Run]:
    """All tokens, in order, cut where the speaker changes or is silent for long."""
    found: list[list[Token]] = []
    for token in tokens:
        if not found or token.speaker != found[-1][-1].speaker or token.start - found[-1][-1].end > PAUSE:
            found.append([])
        found[-1].append(token)
    starts = [run[0].start for run in found[1:]] + [float("inf")]
    return [Run(tuple(run), _costs(run, page), following) for run, following in zip(found, starts, strict=False)]


def _costs(tokens: list[Token], page: Page) -> tuple[float, ...]:
    """The longer the silence, the less the break is minded."""
    costs = [
        break_cost(before, after, page.language) * min(1.0, 1 - (after.start - before.end) / PAUSE)
        for before, after in pairwise(tokens)
    ]
    return (*costs, 0.0)
