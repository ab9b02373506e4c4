"""Many works through all stages at once, without a model: what shares a batch, whose a fault is, what is in flight."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.runner.scripted import Scripted, ScriptedEngine, Watching, failing, outcomes, reasons, text, works
from transcription_api.runner_config import Recipe
from transcription_runner.engine.work import Result, Work
from transcription_runner.errors import ConfigurationError, DeviceError, FileError


def test_every_file_gets_its_own_text_in_order_whatever_shared_its_batches() -> None:
    names = [f"{number}x{number % 5}" for number in range(60)]
    for name, outcome in outcomes(Scripted(), *names).items():
        number, count = name.split("x")
        assert text(outcome) == " ".join(f"{number}.{index}" for index in range(int(count)))


def test_short_files_share_batches() -> None:
    stages = Scripted(batch=8)
    outcomes(stages, *[f"{number}x1" for number in range(64)])
    assert len(stages.batches) < 40
    assert all(len(batch) <= 8 for batch in stages.batches)


def test_a_long_recording_does_not_wait_for_the_next_one_to_be_searched() -> None:
    searched: list[list[str]] = []
    outcomes(Scripted(find_speech=lambda files: searched.append(files)), *[f"{number}x8" for number in range(12)])
    assert [len(files) for files in searched] == [1] * 12


def test_one_chunk_tells_the_language_before_the_others_are_recognised() -> None:
    stages = Scripted()
    found = outcomes(stages, "7x6")
    assert stages.batches[0] == ["7.0"]
    transcript = found["7x6"].transcript
    assert transcript is not None
    assert (transcript.language, transcript.transcription.language.probability) == ("es", 0.9)


def test_silence_is_done_without_the_recogniser() -> None:
    stages = Scripted()
    found = outcomes(stages, "1x0")
    assert stages.batches == []
    assert found["1x0"].transcript is not None
    assert found["1x0"].transcript.language == "und"


def test_nothing_at_all_ends_at_once() -> None:
    assert outcomes(Scripted()) == {}


@pytest.mark.parametrize("stage", ["decode", "find_speech", "recognise", "look_again", "align", "diarize"])
def test_what_breaks_one_work_stops_no_other(stage: str) -> None:
    bad = "5.1" if stage in ("recognise", "look_again", "align") else "5x3"
    names = [f"{number}x3" for number in range(12)]
    fault: dict[str, Any] = {stage: failing(bad)}
    stages = Scripted(doubted=["5.1"] if stage == "look_again" else [], **fault)
    found = outcomes(stages, *names, diarization={"enabled": True})
    assert reasons(found) == {name: "InternalError" if name == "5x3" else None for name in names}
    assert all(text(outcome).count(".") == 3 for name, outcome in found.items() if name != "5x3")


def test_a_file_that_cannot_be_decoded_says_why() -> None:
    found = outcomes(Scripted(decode=failing("2x1", error=FileError("DamagedAudio", "cut off"))), "1x1", "2x1", "3x1")
    assert reasons(found) == {"1x1": None, "2x1": "DamagedAudio", "3x1": None}


def test_memory_that_runs_out_halves_the_batches_and_loses_nothing() -> None:
    def hungry(items: list[str]) -> None:
        if len(items) > 2:
            raise RuntimeError("CUDA failed with error out of memory")

    stages = Scripted(batch=8, recognise=hungry)
    found = outcomes(stages, *[f"{number}x2" for number in range(20)])
    assert set(reasons(found).values()) == {None}
    # 8, 4, 2; but a batch taken before the pool was full may fail with 6, and then it is 3, 1. Later it tries more again.
    assert stages.batch_size.current < 8
    assert all(len(batch) <= 4 for batch in stages.batches[-3:])


def test_a_file_too_big_for_the_memory_fails_alone() -> None:
    found = outcomes(Scripted(recognise=failing("1.0", error=MemoryError())), "1x1", "2x1")
    assert reasons(found) == {"1x1": "OutOfMemory", "2x1": None}


@pytest.mark.parametrize("stage", ["decode", "find_speech", "recognise", "look_again", "align", "diarize"])
def test_a_dead_device_ends_the_call_at_any_stage_and_nothing_is_at_fault(stage: str) -> None:
    bad = {"recognise": "3.0", "look_again": "3.0", "align": "3.0"}.get(stage, "3x1")
    dead: dict[str, Any] = {stage: failing(bad, error=RuntimeError("CUDA error: an illegal memory access was encountered"))}
    stages = Scripted(doubted=["3.0"] if stage == "look_again" else [], **dead)
    told: list[Result] = []
    with ScriptedEngine(stages) as engine:
        found = engine.transcribe(works(*[f"{number}x1" for number in range(9)], diarization={"enabled": True}))
        with pytest.raises(DeviceError) as caught:
            told.extend(found)
    assert "illegal memory access" in caught.value.message
    assert all(result.fault is None for result in told)
    assert "3x1" not in [result.work.tag for result in told]


def test_a_missing_model_ends_the_call() -> None:
    gone = failing("3.0", error=ConfigurationError("ModelNotFound", "gone"))
    with pytest.raises(ConfigurationError):
        outcomes(Scripted(recognise=gone), *[f"{number}x1" for number in range(9)])


def test_a_source_that_breaks_off_ends_the_call() -> None:
    def broken() -> Iterator[Work]:
        yield from works("1x1")
        raise ConnectionError("the store is gone")

    with ScriptedEngine(Scripted()) as engine, pytest.raises(ConnectionError):
        list(engine.transcribe(broken()))


def test_works_are_taken_a_few_batches_ahead_and_not_all_at_once() -> None:
    stages = Scripted(batch=2, recognise=lambda _: time.sleep(0.005))
    ahead: list[int] = []
    with ScriptedEngine(stages) as engine:
        for done, _ in enumerate(engine.transcribe(works(*[f"{number}x1" for number in range(80)])), start=1):
            ahead.append(len(stages.decoded) - done)
    assert max(ahead) <= 3 * 2 + 4, "three batches of two, and what waits to be taken as a result"


def test_a_long_recording_is_alone_with_what_came_before_it() -> None:
    stages = Scripted(batch=2, recognise=lambda _: time.sleep(0.001))
    with ScriptedEngine(stages) as engine:
        next(engine.transcribe(works("1x60", *[f"{number}x1" for number in range(2, 30)])))
        assert len(stages.decoded) < 10


def test_closing_the_results_cancels_what_is_left_and_closing_the_engine_ends_every_thread() -> None:
    before = threading.active_count()
    stages = Scripted()
    with ScriptedEngine(stages) as engine:
        found = engine.transcribe(works(*[f"{number}x1" for number in range(500)]))
        next(found)
        found.close()  # type: ignore[attr-defined]
        assert len(stages.decoded) < 100
        assert len(list(engine.transcribe(works("1x1", "2x1")))) == 2, "the engine goes on"
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_speakers_are_awaited_and_named() -> None:
    stages = Scripted(diarize=lambda _: time.sleep(0.05))
    found = outcomes(stages, "1x2", diarization={"enabled": True})
    transcript = found["1x2"].transcript
    assert transcript is not None
    assert {segment.speaker for segment in transcript.segments} == {"SPEAKER_00"}


def test_progress_reaches_the_length_of_each_work_and_pieces_come_as_they_are_done() -> None:
    watch = Watching()
    outcomes(Scripted(), "1x3", "2x1", watch=watch)
    assert watch.seconds == {"1x3": 31.0, "2x1": 11.0}
    assert watch.heard_of == {"1x3": 31.0, "2x1": 11.0}
    assert sorted(watch.pieces) == [("1x3", "1.0"), ("1x3", "1.1"), ("1x3", "1.2"), ("2x1", "2.0")]


def test_doubted_text_gets_a_second_look_in_the_company_of_others() -> None:
    doubted = [f"{number}.0" for number in range(8)]
    stages = Scripted(batch=4, doubted=doubted, recognise=lambda _: time.sleep(0.01))
    found = outcomes(stages, *[f"{number}x1" for number in range(40)])
    assert text(found["3x1"]) == "3.0!"
    assert text(found["30x1"]) == "30.0"
    # Two looks of four, if the recogniser never runs out of fresh chunks; on a busy machine it may (test_pool.py has the rule).
    assert len(stages.second_looks) < len(doubted)
    assert sorted(said for batch in stages.second_looks for said in batch) == sorted(doubted)


def test_with_one_temperature_nothing_is_looked_at_again() -> None:
    stages = Scripted(doubted=["1.0"])
    assert text(outcomes(stages, "1x1", decoding={"temperatures": [0.0]})["1x1"]) == "1.0"
    assert stages.second_looks == []


def test_the_language_is_heard_in_further_chunks_until_it_is_sure_enough() -> None:
    """Chunk 0 sounds like weak English; the file is Spanish, and all of it is recognised so."""
    stages = Scripted(spanish=lambda text: 0.45 if text.endswith(".0") else 0.95)
    transcript = outcomes(stages, "7x4", language_detection={"min_probability": 0.6})["7x4"].transcript
    assert transcript is not None
    assert transcript.language == "es"
    assert transcript.transcription.language.probability == pytest.approx(0.7)
    assert [segment.text for segment in transcript.segments] == ["7.0", "7.1", "7.2", "7.3"]
    assert [said for batch in stages.batches for said in batch].count("7.0") == 2, "once as English, once as Spanish"


def test_a_file_in_two_languages_can_be_recognised_chunk_by_chunk() -> None:
    stages = Scripted(spanish=lambda text: 0.05 if text.endswith(".1") else 0.95)
    transcript = outcomes(stages, "7x3", language_detection={"per_chunk": True})["7x3"].transcript
    assert transcript is not None
    assert [(segment.text, segment.language) for segment in transcript.segments] == [
        ("7.0", "es"), ("en:7.1", "en"), ("7.2", "es"),
    ]  # fmt: skip
    assert transcript.language == "es"


def test_split_channels_are_recognised_each_on_its_own_and_merged_by_time() -> None:
    audio = {"channels": "split", "channel_names": ["agent"]}
    transcript = outcomes(Scripted(), "7x2", language="es", audio=audio)["7x2"].transcript
    assert transcript is not None
    assert [(segment.start, segment.speaker) for segment in transcript.segments] == [
        (0.0, "agent"), (0.0, "CHANNEL_1"), (10.0, "agent"), (10.0, "CHANNEL_1"),
    ]  # fmt: skip
    assert transcript.transcription.audio.channel_names == ["agent", "CHANNEL_1"]


def test_works_with_different_recipes_share_an_engine_but_never_a_batch() -> None:
    stages = Scripted(batch=8)
    mixed = [
        Work(f"{number}x1", Recipe.model_validate({"language": "es", "decoding": {"beam_size": 1 + number % 2}}))
        for number in range(20)
    ]
    with ScriptedEngine(stages) as engine:
        assert len(list(engine.transcribe(mixed))) == 20
    assert all(len({int(said.split(".")[0]) % 2 for said in batch}) == 1 for batch in stages.batches)
