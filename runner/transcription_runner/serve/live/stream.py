"""One stream: sound as it is spoken goes in, words come out as they become certain.

The sound of the segment that is being spoken is looked at again every so often, from its beginning to now; what two looks in a
row say alike is committed. A segment ends with a pause, where the client says so, or at the end of a sentence once it is long,
so that a look never takes more than one short window. Looks of all streams share the engine's batches.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from transcription_api.runner_config import Recipe
from transcription_api.speech import Alignment, AlignmentMethod
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine.audio import SAMPLE_RATE, floats
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.work import Lane, Work
from transcription_runner.errors import FileError
from transcription_runner.serve.live.agreement import Agreement, LiveWord
from transcription_runner.serve.live.backlog import Backlog, Mark
from transcription_runner.serve.live.happenings import (
    Committed,
    Corrected,
    Ended,
    Happening,
    LiveSegment,
    Misheard,
    SpeechStarted,
)
from transcription_runner.serve.live.recording import Recording
from transcription_runner.serve.live.segments import corrected, cut_after, words_of
from transcription_runner.serve.live.turns import Edge, Listener, TurnTaking
from transcription_runner.serve.uploads import Scratch

STEP_SECONDS = 0.7
"""From look to look, of sound that is new."""
LATE_STEP_SECONDS = 4.0
"""The same at most, when more sound waits than that: who is late looks less often, not later and later."""
LONG_SECONDS = 8.0
"""A segment of this length ends with the next sentence: longer ones would need a longer window, which costs more."""
LONGEST_SECONDS = 13.0
"""A segment of this length ends with the last certain word: with its margin it just fits the recogniser's window of 15 s."""
UNHEARD_SECONDS = 18.0
"""Where nothing is certain for so long, what the last look heard has to do."""

EDGES_LATE_SECONDS = 1.0
"""A turn's beginning is told at most so long after it, its lead not counted."""
STREAM = SourceObject(key="stream")


@dataclass(frozen=True)
class Asked:
    """What a client wants of its stream."""

    recipe: Recipe
    turns: TurnTaking | None
    """None: segments end where the client says so."""


class Stream:
    """Fed by one task, run by another. Whatever happens is told in order; the next look waits until it is."""

    def __init__(
        self,
        engine: Engine,
        asked: Asked,
        tell: Callable[[Happening], Awaitable[None]],
        scratch: Scratch,
        recording: Recording | None = None,
        client: str = "",
    ) -> None:
        """`scratch`: where sound waits that comes faster than it is understood; `recording`: where the whole sound is kept, to be
        listened to once more at the end; `client`: who takes turns.
        """
        self._engine, self._tell, self._recording, self._client = engine, tell, recording, client
        self.ask(asked)
        self._listener: Listener | None = None
        self._backlog = Backlog(scratch)
        self._sound, self._first = np.zeros(0, np.int16), 0
        self._segment: LiveSegment | None = None
        self._agreement, self._looked_until, self._speaking = Agreement(), 0.0, False
        self._number = 0
        self._over: list[LiveSegment] = []
        self.fed_seconds = 0.0
        """How much sound has come."""

    def ask(self, asked: Asked) -> None:
        """Wish for something else, while no sound has come."""
        self._recipe, self._language = asked.recipe, asked.recipe.language
        self._by_hand, self._taking = asked.turns is None, asked.turns or TurnTaking()

    async def feed(self, samples: NDArray[np.int16]) -> None:
        """More sound, mono at 16 kHz. Waits only where the scratch folder is full; raises OSError where the disk is."""
        if not len(samples):
            return
        if self._recording is not None:
            self._recording.expect(samples.nbytes)
        await self._backlog.add(samples)
        self.fed_seconds += len(samples) / SAMPLE_RATE

    async def mark(self, mark: Mark) -> None:
        """Behind the sound that has come so far."""
        await self._backlog.mark(mark)

    async def finish(self) -> None:
        """No more sound comes. `run` returns when all is told."""
        await self._backlog.finish()

    def close(self) -> None:
        """Nobody listens any more."""
        self._backlog.close()

    async def run(self) -> None:
        """Until it is finished and all is told. Raises DeviceError, and what else ends the engine."""
        while (item := await self._backlog.next(STEP_SECONDS)) is not None:
            if isinstance(item, Mark):
                await self._marked(item)
            else:
                await self._heard(item)
        if self._segment is not None:
            await self._end(self._segment, self._now)
        if self._recording is not None:
            await self._correct(self._recording)

    async def _heard(self, samples: NDArray[np.int16]) -> None:
        edges = await run_in_threadpool(self._listened, samples)
        self._sound = np.concatenate([self._sound, samples])
        for edge in edges:
            await self._edge(edge)
        segment = self._segment
        if segment is None:
            self._forget(self._now - self._taking.lead - EDGES_LATE_SECONDS)
        elif self._speaking:
            step = min(max(STEP_SECONDS, self._backlog.seconds), LATE_STEP_SECONDS)
            if self._now - self._looked_until >= step:
                await self._look(segment)
        elif self._now - segment.start >= LONGEST_SECONDS:  # the client does not end it
            await self._end(segment, self._now)

    def _listened(self, samples: NDArray[np.int16]) -> list[Edge]:
        self._listener = self._listener or Listener(self._taking)
        if self._recording is not None:
            self._recording.add(samples)
        return self._listener.heard(samples)

    async def _edge(self, edge: Edge) -> None:
        self._speaking = edge.begins
        if edge.begins and self._segment is None:
            self._forget(edge.at)
            await self._tell(SpeechStarted(self._open(edge.at)))
        elif not edge.begins and not self._by_hand and self._segment is not None:
            await self._end(self._segment, edge.at)

    async def _marked(self, mark: Mark) -> None:
        if mark is Mark.COMMIT:
            await self._end(self._segment or self._open(self._now), self._now, asked=True)
        else:
            if self._segment is not None and self._segment.words:  # those are told already
                await self._tell_end(Ended(self._segment, [], paused=False, asked=True))
            self._segment = None
            self._forget(self._now)
        if self._speaking:  # what is said on is the next segment's
            self._open(self._now)

    async def _look(self, segment: LiveSegment) -> None:
        """At a segment that is being spoken."""
        words = await self._recognised(segment, self._now)
        if words is None:
            return
        certain, length = self._agreement.heard(words), self._now - segment.start
        if length >= UNHEARD_SECONDS:
            certain += self._agreement.given_in()
        if length < LONG_SECONDS:
            await self._commit(segment, certain)
        elif (cut := cut_after(segment.words, certain, at_sentence=length < LONGEST_SECONDS)) is not None:
            await self._split(segment, certain[:cut], certain[cut:])
        else:
            await self._commit(segment, certain)
            if length >= UNHEARD_SECONDS:  # there is a voice, and no word: the next look begins later
                segment.start = self._now - LONG_SECONDS
                self._forget(segment.start)

    async def _split(self, segment: LiveSegment, certain: list[LiveWord], behind: list[LiveWord]) -> None:
        """End a long segment with these words; what was heard behind them is the next one's."""
        rest, looked_until = self._agreement.rest, self._looked_until
        segment.words += certain
        last, following = segment.words[-1].end, [*behind, *rest]
        segment.end = at = (last + max(last, following[0].start)) / 2 if following else last
        after = self._open(at)
        after.language, self._looked_until = segment.language, looked_until
        self._agreement.committed, self._agreement.rest = list(behind), rest
        self._forget(at)
        await self._tell_end(Ended(segment, certain, paused=False))
        await self._commit(after, behind)

    async def _end(self, segment: LiveSegment, at: float, asked: bool = False) -> None:
        """End the segment that is open, at this second. One that has not begun by then is told on request alone."""
        if at <= segment.start and not segment.words and not asked:
            self._segment = None
            return
        heard = await self._recognised(segment, at) if self._looked_until < at else None
        words = self._agreement.given_in() if heard is None else self._agreement.concluded(heard)
        segment.words += words
        segment.end = max(at, segment.words[-1].end if segment.words else at)
        self._segment = None
        self._forget(at)
        await self._tell_end(Ended(segment, words, paused=not self._speaking, asked=asked))

    async def _tell_end(self, ended: Ended) -> None:
        if self._recording is not None:
            self._over.append(ended.segment)
        await self._tell(ended)

    async def _commit(self, segment: LiveSegment, words: list[LiveWord]) -> None:
        """Tell words that are certain, and what was heard beyond them."""
        segment.words += words
        segment.end = max(segment.end, words[-1].end if words else 0.0)
        await self._tell(Committed(segment, words, list(self._agreement.rest)))

    async def _recognised(self, segment: LiveSegment, end: float) -> list[LiveWord] | None:
        """What is said from the segment's beginning to `end`; None, and it is told, where that could not be found out."""
        self._looked_until = end
        first, last = (max(0, round(second * SAMPLE_RATE) - self._first) for second in (segment.start, end))
        sound = self._sound[first:last]
        if not len(sound):
            return []
        decoding = self._recipe.decoding.model_copy(update={"temperatures": [0.0]})
        live = {"language": self._language, "decoding": decoding, "alignment": Alignment(method=AlignmentMethod.ATTENTION)}
        recipe = self._recipe.model_copy(update=live)
        work = Work(floats(sound), recipe, STREAM, lane=Lane.LIVE, client=self._client, is_speech=True)
        try:
            heard = await self._transcribed(work)
        except FileError as fault:
            await self._tell(Misheard(segment, fault))
            return None
        words = words_of(heard, segment.start)
        if words:
            self._language = self._language or heard.language
            segment.language = heard.language
        return words

    async def _transcribed(self, work: Work) -> Transcript:
        """Cancelled with the task that waits for it."""
        future = await run_in_threadpool(self._engine.submit, work)
        try:
            return await asyncio.wrap_future(future)
        finally:
            if not future.done():  # cancelling takes the engine's locks, for which the loop does not wait
                asyncio.get_running_loop().run_in_executor(None, future.cancel)

    async def _correct(self, recording: Recording) -> None:
        """Listen to the whole once more, with all that is around each word."""
        path = await run_in_threadpool(recording.whole)
        if path is None or not self._over:
            return
        recipe = self._recipe.model_copy(update={"language": self._language})
        try:
            heard = await self._transcribed(Work(path, recipe, STREAM, client=self._client))
        except FileError as fault:
            await self._tell(Misheard(self._over[-1], fault))
            return
        for segment in corrected(self._over, words_of(heard, 0.0)):
            await self._tell(Corrected(segment))

    def _open(self, at: float) -> LiveSegment:
        self._segment = LiveSegment(self._number, round(at, 3), round(at, 3))
        self._agreement, self._looked_until = Agreement(), at
        self._number += 1
        return self._segment

    def _forget(self, before: float) -> None:
        """The sound up to this second is not needed any more."""
        samples = min(max(0, int(before * SAMPLE_RATE) - self._first), len(self._sound))
        self._sound, self._first = self._sound[samples:].copy(), self._first + samples

    @property
    def _now(self) -> float:
        """The end of the sound that was taken in."""
        return (self._first + len(self._sound)) / SAMPLE_RATE
