"""A stream: words come as they are certain, each once; segments end; whatever the sound and however it is cut."""

import asyncio
import itertools
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.runner.spoken import Loudness, Understanding, spoken, texts, word
from transcription_api.runner_config import Recipe
from transcription_api.transcript import Transcript
from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.work import Work
from transcription_runner.errors import FileError
from transcription_runner.serve.live import backlog
from transcription_runner.serve.live import stream as streaming
from transcription_runner.serve.live.backlog import Mark
from transcription_runner.serve.live.happenings import Committed, Corrected, Ended, Happening, Misheard, SpeechStarted
from transcription_runner.serve.live.recording import Recording
from transcription_runner.serve.live.stream import Asked, Stream
from transcription_runner.serve.live.turns import TurnTaking
from transcription_runner.serve.uploads import Scratch

ASKED = Asked(Recipe(language="en"), TurnTaking())
Fed = NDArray[np.int16] | Mark
MOST_LOOKED_AT = streaming.LONGEST_SECONDS + streaming.LATE_STEP_SECONDS
"""Of a stream whose client is faster than it."""


@pytest.fixture(autouse=True)
def everything_but_zero_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "Listener", Loudness)


def told(
    *fed: Fed,
    engine: Any = None,
    asked: Asked | None = None,
    recording: Recording | None = None,
    step: float = 0.2,
    paced: bool = True,
) -> list[Happening]:
    """All that a stream tells of what it is fed, in pieces of `step` seconds; `paced`: each once the one before is taken in."""
    happened: list[Happening] = []

    async def tell(happening: Happening) -> None:
        happened.append(happening)

    async def run() -> None:
        scratch = Scratch(1 << 30)
        stream = Stream(cast(Engine, engine or Understanding()), asked or ASKED, tell, scratch, recording)
        running = asyncio.ensure_future(stream.run())
        for one in fed:
            if isinstance(one, Mark):
                await stream.mark(one)
                continue
            size = max(1, int(step * SAMPLE_RATE))
            for first in range(0, len(one), size):
                await stream.feed(one[first : first + size])
                while paced and stream._backlog.seconds:  # noqa: ASYNC110 - nothing tells that it is taken in
                    await asyncio.sleep(0)
        await stream.finish()
        await asyncio.wait_for(running, 20)
        stream.close()
        assert scratch.taken == 0

    asyncio.run(run())
    return happened


def words_told(happened: Sequence[Happening]) -> list[str]:
    return [text for one in happened if isinstance(one, Committed | Ended) for text in texts(one.words)]


def ends(happened: Sequence[Happening]) -> list[Ended]:
    return [one for one in happened if isinstance(one, Ended)]


def test_every_word_is_told_once_with_its_times() -> None:
    happened = told(spoken(0, 0, 1, 2, 3, 4, 0, 0, 0, 5, 6, 0, 0, 0))
    assert words_told(happened) == ["w1", "w2", "w3", "w4", "w5", "w6"]
    told_words = [one for happening in happened if isinstance(happening, Committed | Ended) for one in happening.words]
    assert [one.start for one in told_words] == pytest.approx([1.0, 1.5, 2.0, 2.5, 4.5, 5.0], abs=0.01)


def test_a_pause_ends_a_segment() -> None:
    happened = told(spoken(0, 1, 2, 0, 0, 0, 3, 0, 0, 0))
    assert [texts(one.segment.words) for one in ends(happened)] == [["w1", "w2"], ["w3"]]
    assert all(one.paused for one in ends(happened))
    kinds = [type(one) for one in happened if not isinstance(one, Committed)]
    assert kinds == [SpeechStarted, Ended, SpeechStarted, Ended]
    assert [one.segment.number for one in ends(happened)] == [0, 1]


def test_words_are_told_before_the_segment_ends() -> None:
    happened = told(spoken(*range(1, 13)))
    before_the_end = [text for one in happened if isinstance(one, Committed) for text in texts(one.words)]
    assert len(before_the_end) >= 8


def test_what_is_not_certain_is_told_beside() -> None:
    tentative = [texts(one.tentative) for one in told(spoken(*range(1, 9))) if isinstance(one, Committed)]
    assert any(tentative)


def test_silence_is_not_looked_at() -> None:
    engine = Understanding()
    assert told(spoken(*[0] * 40), engine=engine) == []
    assert engine.looks == []


def test_long_speech_is_cut_at_the_ends_of_sentences() -> None:
    engine = Understanding()
    happened = told(spoken(*range(1, 100)), engine=engine)
    assert words_told(happened) == [word(level) for level in range(1, 100)]
    *cut, _ = ends(happened)
    assert len(cut) >= 3
    assert all(one.segment.words[-1].text.endswith(".") for one in cut)
    assert not any(one.paused for one in cut)
    assert max(engine.looks) <= MOST_LOOKED_AT


def test_long_speech_without_sentences_is_cut_where_it_is_certain() -> None:
    levels = [level for level in range(1, 70) if level % 7]
    engine = Understanding()
    happened = told(spoken(*levels), engine=engine)
    assert words_told(happened) == [word(level) for level in levels]
    assert max(engine.looks) <= MOST_LOOKED_AT


def test_segments_end_where_the_client_says_so() -> None:
    happened = told(spoken(1, 2, 0, 0, 0, 3), Mark.COMMIT, spoken(4, 5), Mark.COMMIT, asked=Asked(Recipe(language="en"), None))
    assert [texts(one.segment.words) for one in ends(happened)] == [["w1", "w2", "w3"], ["w4", "w5"]]
    assert all(one.asked for one in ends(happened))


def test_a_client_that_never_ends_its_segment_costs_no_memory() -> None:
    happened = told(spoken(1, *[0] * 60), asked=Asked(Recipe(language="en"), None))
    assert [texts(one.segment.words) for one in ends(happened)] == [["w1"]]


def test_a_commit_without_speech_ends_an_empty_segment() -> None:
    happened = told(spoken(0, 0), Mark.COMMIT)
    assert [(one.segment.words, one.asked) for one in ends(happened)] == [([], True)]


def test_what_was_not_told_can_be_forgotten() -> None:
    happened = told(spoken(1, 2), Mark.CLEAR, spoken(0, 0, 3, 0, 0, 0), step=0.5)
    assert "w3" in words_told(happened)
    assert "w2" not in words_told(happened)


def test_a_look_that_fails_is_told_and_the_stream_goes_on() -> None:
    failing = iter([FileError("InternalError", "a library broke")])

    def fails() -> None:
        if error := next(failing, None):
            raise error

    happened = told(spoken(1, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0), engine=Understanding(fails))
    assert [one.fault.reason for one in happened if isinstance(one, Misheard)] == ["InternalError"]
    assert words_told(happened) == ["w1", "w2", "w3", "w4", "w5"]


def test_the_language_that_is_heard_first_stays() -> None:
    engine = Understanding()
    told(spoken(1, 2, 3, 4, 5, 6), engine=engine, asked=Asked(Recipe(), TurnTaking()))
    assert engine.languages[0] is None
    assert {*engine.languages[1:]} == {"en"}


def test_a_second_look_at_the_whole_corrects_segments() -> None:
    engine = Understanding()
    engine.misheard_whole = {3: "three"}
    recording = Recording(Scratch(1 << 30))
    happened = told(spoken(1, 2, 0, 0, 0, 3, 4, 0, 0, 0), engine=engine, recording=recording)
    recording.close()
    corrections = [one for one in happened if isinstance(one, Corrected)]
    assert [(one.segment.number, texts(one.segment.words)) for one in corrections] == [(1, ["three", "w4"])]


def test_a_full_disk_costs_the_second_look_alone() -> None:
    scratch = Scratch(100_000)
    recording = Recording(scratch)
    happened = told(spoken(*range(1, 20)), recording=recording)
    assert words_told(happened) == [word(level) for level in range(1, 20)]
    assert not any(isinstance(one, Corrected) for one in happened)
    recording.close()
    assert scratch.taken == 0


class Never(Understanding):
    """An engine that does not answer."""

    def submit(self, work: Work, watch: Any = None) -> "Future[Transcript]":
        return Future()


def fed_to_an_engine_that_does_not_answer(scratch: Scratch) -> float:
    """How many of 1,000 seconds are taken in within half a second."""

    async def tell(_: Happening) -> None:
        return

    async def feed(stream: Stream) -> None:
        for _ in range(1000):
            await stream.feed(spoken(1, 2))

    async def run() -> float:
        stream = Stream(cast(Engine, Never()), ASKED, tell, scratch)
        tasks = [asyncio.ensure_future(stream.run()), asyncio.ensure_future(feed(stream))]
        await asyncio.wait(tasks, timeout=0.5 if scratch.most < 1 << 20 else 20, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        stream.close()
        return stream.fed_seconds

    return asyncio.run(run())


def test_what_comes_faster_than_it_is_understood_waits_on_the_disk() -> None:
    scratch = Scratch(1 << 30)
    assert fed_to_an_engine_that_does_not_answer(scratch) == 1000
    assert scratch.taken == 0


def test_where_the_disk_has_no_room_the_client_waits() -> None:
    assert fed_to_an_engine_that_does_not_answer(Scratch(100_000)) < 30


SPEECH = st.lists(st.one_of(st.just(0), st.integers(1, 400)), min_size=1, max_size=60)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SPEECH, st.floats(0.1, 1.5), st.booleans(), st.sampled_from([0.3, 10.0]))
def test_whatever_is_said_and_however_it_is_cut_nothing_is_lost_doubled_or_changed(
    monkeypatch: pytest.MonkeyPatch, levels: list[int], step: float, paced: bool, in_memory: float
) -> None:
    monkeypatch.setattr(backlog, "IN_MEMORY_SECONDS", in_memory)
    levels = [level if level != before else 0 for before, level in zip([0, *levels], levels, strict=False)]
    happened = told(spoken(*levels, 0, 0, 0), step=step, paced=paced)
    assert words_told(happened) == [word(level) for level in levels if level]
    assert [text for one in ends(happened) for text in texts(one.segment.words)] == words_told(happened)
    placed = [one for end in ends(happened) for one in end.segment.words]
    assert all(before.end <= after.start + 1e-6 for before, after in itertools.pairwise(placed))
