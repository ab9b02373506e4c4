"""The arithmetic of the service's benchmark: how requests come, what counts as a failure, and whose time is divided by whose."""

import asyncio
import random
import sys
import time
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bars import keys, table
from benchmarks.runner.process import CommandFailedError
from benchmarks.runner.sides import Setting
from benchmarks.service import overload, turns
from benchmarks.service.__main__ import MINUTES, PARTS, together
from benchmarks.service.answers import LATE, Answer, errors, outcomes, p95, spread, transcribed, word_error_rate
from benchmarks.service.bars import BARS
from benchmarks.service.beside_upload import Round
from benchmarks.service.live import Heard
from benchmarks.service.live_drift import differing
from benchmarks.service.load import answered, at_random, by_the_clock, crowd, every
from benchmarks.service.server import peer_command, port_of, running, service_command
from benchmarks.service.sounds import Sound
from benchmarks.service.turns import Turn, Way, order, speedup
from transcription_api.runner_config import Recipe

SOUND = Sound("a.wav", b"", 5.0, "yes we do")
SOUNDS = [Sound(f"{number}.wav", b"", 5.0, "yes") for number in range(10)]


def _answer(outcome: str = "200", seconds: float = 1.0, text: str = "Yes, we do.") -> Answer:
    return Answer(SOUND, outcome, 100.0, seconds, text)


def _turn(seconds: float) -> Turn:
    return Turn(seconds, seconds, [_answer()])


def test_every_part_has_figures_minutes_and_something_that_measures_it() -> None:
    assert {bar.part for bar in BARS} == set(PARTS) == set(MINUTES)
    assert all(keys(BARS, part) for part in PARTS)


def test_parts_that_share_their_rounds_are_measured_once_for_all() -> None:
    shared, *others = [parts for _, parts in together([*PARTS])]
    assert shared == ["concurrency", "peer"]
    assert others == [[part] for part in PARTS if part not in shared]
    assert together(["peer"]) == [(turns.measured, ["peer"])]


def test_one_error_under_overload_is_one_too_many() -> None:
    lines = table(BARS, {"overload_errors": 1.0, "peer_speedup": 2.0}).splitlines()
    met = {line.split()[0]: line.split()[-1] for line in lines}
    assert met["overload_errors"] == "NO"
    assert met["peer_speedup"] == "yes"


def test_only_transcripts_and_the_word_that_there_is_no_room_are_no_errors() -> None:
    answers = [_answer(outcome) for outcome in ("200", "429", "200", "500", "503", "ConnectError", LATE)]
    assert errors(answers) == 4
    assert outcomes(answers) == {"200": 2, "429": 1, "500": 1, "503": 1, "ConnectError": 1, LATE: 1}


def test_a_request_that_failed_is_an_error_and_never_a_figure() -> None:
    good = [_answer(), _answer()]
    assert transcribed(good) == good
    with pytest.raises(RuntimeError, match=r"1 of 3 requests failed: {'200': 2, '429': 1}"):
        transcribed([*good, _answer("429")])


def test_a_fast_empty_answer_has_lost_its_words() -> None:
    assert word_error_rate([_answer(), _answer(text="yes, we DO")]) == 0
    assert word_error_rate([_answer(), _answer(text="")]) == 0.5


def test_the_spread_of_no_answers_is_nothing() -> None:
    assert spread([]) == {}
    assert spread([_answer(seconds=float(number)) for number in range(1, 101)]) == {"p50": 50.0, "p95": 95.0, "most": 100.0}


def test_the_ways_take_turns_at_going_first_and_each_goes_once_a_round() -> None:
    both = ["concurrency", "peer"]
    assert [order(both, number)[0] for number in range(4)] == ["one_by_one", "at_once", "peer", "one_by_one"]
    assert all(sorted(order(both, number)) == ["at_once", "one_by_one", "peer"] for number in range(4))
    assert order(["concurrency"], 1) == ["at_once", "one_by_one"]


def test_speed_ups_are_of_medians() -> None:
    found: dict[Way, list[Turn]] = {
        "at_once": [_turn(30.0), _turn(20.0), _turn(90.0)],
        "one_by_one": [_turn(60.0), _turn(61.0), _turn(10.0)],
        "peer": [_turn(75.0), _turn(500.0), _turn(70.0)],
    }
    assert speedup("concurrency", found) == 2.0
    assert speedup("peer", found) == 2.5


def test_the_ratio_counts_requests_of_both_stretches_of_the_recording() -> None:
    idle, slow = [_answer(seconds=0.5)] * 20, [_answer(seconds=2.0)] * 20
    assert Round(idle, idle, slow, 1).ratio == Round(idle, slow, idle, 1).ratio == 4.0
    assert p95([_answer(seconds=float(number)) for number in range(1, 21)]) == 19.0


def test_both_servers_are_told_the_same_and_the_peer_the_beam_that_a_recipe_has() -> None:
    setting = Setting(model="m", stock_threads=2)
    service, peer = service_command(setting), peer_command(setting)
    for option in ("--model", "--device", "--compute-type", "--batch-size"):
        assert service[service.index(option) + 1] == peer[peer.index(option) + 1]
    assert peer[peer.index("--beam-size") + 1] == str(Recipe().decoding.beam_size)


def test_clients_at_once_send_each_sound_once_and_no_more_at_a_time_than_there_are_clients() -> None:
    inside, most = 0, 0

    async def send(sound: Sound) -> Answer:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.002 * (1 + SOUNDS.index(sound) % 3))
        inside -= 1
        return Answer(sound, "200", 0.0, 0.0)

    for clients in (1, 4):
        most = 0
        _, answers = asyncio.run(crowd(send, SOUNDS, clients))
        assert [answer.sound for answer in answers] == SOUNDS
        assert most == clients


def test_requests_by_the_clock_wait_for_no_answer() -> None:
    async def slow(sound: Sound) -> Answer:
        began = time.monotonic()
        await asyncio.sleep(1.0)
        return Answer(sound, "200", began, time.monotonic() - began)

    async def sent() -> float:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = await by_the_clock(group, slow, islice(every(0.01, SOUNDS), 10))
            on_the_way = time.monotonic() - began
        assert [task.result().sound for task in tasks] == SOUNDS
        return on_the_way

    assert 0.08 <= asyncio.run(sent()) < 1.0
    answers = asyncio.run(answered(slow, [(0.0, SOUND), (0.05, SOUND)]))
    assert 0.04 <= answers[1].sent - answers[0].sent < 1.0


def test_sounds_come_by_turns_without_end() -> None:
    assert [(moment, sound.name) for moment, sound in islice(every(2.0, SOUNDS[:2]), 3)] == [
        (0.0, "0.wav"),
        (2.0, "1.wav"),
        (4.0, "0.wav"),
    ]


def test_independent_clients_come_at_their_rate_and_at_the_same_moments_each_time() -> None:
    moments = at_random(10.0, 120.0, random.Random(1))
    assert moments == sorted(moments) == at_random(10.0, 120.0, random.Random(1))
    assert 0 < moments[0]
    assert moments[-1] < 120.0
    assert abs(len(moments) - 1200) < 4 * 1200**0.5
    assert max(later - earlier for earlier, later in pairwise(moments)) > 0.3, "not one after the other"


def test_a_service_is_itself_again_once_a_single_request_is_as_fast_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "LOOK_SECONDS", 0.001)
    coming = iter([_answer("429", 0.01), _answer("200", 4.0), _answer("500", 0.1), _answer("200", 1.5), _answer("200", 1.0)])

    async def send(_: Sound) -> Answer:
        return next(coming)

    seconds, probes = asyncio.run(overload.recovered(send, SOUND, 1.0))
    assert seconds is not None
    assert [probe.outcome for probe in probes] == ["429", "200", "500", "200"]


def test_a_service_that_never_is_itself_again_has_no_time_of_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(overload, "PATIENCE_SECONDS", 0.02)

    async def send(_: Sound) -> Answer:
        return _answer("200", 1.6)

    seconds, probes = asyncio.run(overload.recovered(send, SOUND, 1.0))
    assert seconds is None
    assert probes


def test_a_server_s_port_is_what_its_log_tells_once_the_line_is_whole() -> None:
    log = "2026-12-01 INFO warm after 2.0 s\n2026-12-01 INFO serving base (int8, cpu) on 127.0.0.1 port 41234"
    assert port_of(log) is None
    assert port_of(log + "\n") == 41234


def test_a_server_that_ends_before_it_serves_is_an_error_that_shows_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.service.server.WORK", tmp_path)
    ending = [sys.executable, "-c", "print('no such model'); raise SystemExit(78)"]
    with pytest.raises(CommandFailedError, match=r"(?s)the peer ended with 78.*no such model"), running("peer", ending):
        pass


def results(*words: tuple[str, float, float]) -> dict[str, Any]:
    told = [{"punctuated_word": word, "start": start, "end": end} for word, start, end in words]
    return {"type": "Results", "is_final": True, "channel": {"alternatives": [{"words": told}]}}


def test_a_words_delay_is_counted_from_its_end_by_the_senders_clock() -> None:
    heard = Heard()
    heard.told(results(("it", 0.5, 1.0)), began=100.0, now=102.5)
    assert heard.delays == [1.5]


def test_a_word_that_lies_before_what_was_told_is_a_rewrite() -> None:
    heard = Heard()
    for message in (results(("it", 0.5, 1.0), ("is", 1.0, 1.5)), results(("was", 1.0, 1.5)), results(("so", 1.5, 2.0))):
        heard.told(message, 0.0, 5.0)
    assert heard.rewrites == 1


def test_what_may_change_is_not_counted() -> None:
    heard = Heard()
    heard.told({**results(("it", 0.5, 1.0)), "is_final": False}, 0.0, 2.0)
    heard.told({"type": "Metadata"}, 0.0, 2.0)
    assert heard.words == []


def test_times_drift_by_what_the_same_words_are_placed_elsewhere_the_last_time() -> None:
    starts = [0.0, 100.0, 200.0, 300.0]
    assert differing([0.2, 50.0, 100.3, 200.2, 300.3], starts, conversations=2) < 1e-9
    assert abs(differing([0.2, 100.3, 201.7, 300.3], starts, conversations=2) - 1.5) < 1e-9
