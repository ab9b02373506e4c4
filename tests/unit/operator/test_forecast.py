"""What a run should come to: end, GPU hours, cost, and how sure that is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.operator.world import SETTINGS, Job, a_job, a_running_job, at, finished, text
from transcription_api.status import TranscriptionJobStatus
from transcription_operator.settings import Price
from transcription_operator.speeds import Speeds

PRICED = SETTINGS.model_copy(update={"price": Price(gpu_hour=2.5, currency="EUR")})
ALL_SEEN = {"complete": True, "bytes": 1000, "error": 0.0}


def working(job: Job, index: int = 0, *, seconds: float, did: float = 0, of: float, took: float = 0, **more: Any) -> Job:
    """The index's pod reports, as today's runners do: it did so many seconds of audio of so many, in `took` seconds."""
    worked = {"audioSeconds": did, "seconds": took} if took else None
    more = {"total": 1000, "succeeded": 400, "survey": ALL_SEEN, **more} | ({"worked": worked} if worked else {})
    return job.with_shard(index, audio=(did, of), reported=seconds, **more)


def forecast(job: Job) -> dict[str, Any]:
    told: dict[str, Any] = job.status["forecast"]
    return told


def learnt_from(*jobs: Job) -> Speeds:
    speeds = Speeds()
    for job in jobs:
        speeds.learn(job.raw["metadata"]["uid"], TranscriptionJobStatus.model_validate(job.status))
    return speeds


def an_earlier_run(name: str = "earlier", *, audio: float = 36_000, seconds: float = 1000, **spec: Any) -> Job:
    job = a_running_job(name, **spec).with_shard(total=1, succeeded=1, audio=(audio, audio), reported=seconds, stage="Finished")
    job.pod_ended(seconds)
    return job.child_ended("Complete", seconds).reconciled(seconds + 20)


EARLIER = learnt_from(an_earlier_run())


def test_the_end_follows_from_what_is_left_and_the_speed_since_the_model_was_loaded() -> None:
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    assert forecast(job)["endTime"] == text(at(260)), "60 s of loading do not count as work"
    assert forecast(job)["startTime"] == job.status["startTime"]
    assert (forecast(job)["durationSeconds"], forecast(job)["audioHours"]) == (260, 3.33)
    assert forecast(job)["speedFrom"] == "ThisRun"


def test_the_estimated_end_is_the_forecasts() -> None:
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    assert job.status["estimatedCompletionTime"] == forecast(job)["endTime"]


def test_pods_that_load_their_model_are_counted_as_workers_to_be() -> None:
    job = a_running_job(parallelism=2)
    working(job, 0, seconds=160, did=6000, of=12_000, took=100)
    working(job, 1, seconds=160, of=12_000, stage="LoadingModel").reconciled(160)
    assert forecast(job)["endTime"] == text(at(210))


def test_among_several_pods_the_last_is_at_its_last_file_for_longer() -> None:
    survey = {**ALL_SEEN, "stretchSeconds": 1200.0}
    job = a_running_job(parallelism=2)
    for index in range(2):
        working(job, index, seconds=160, did=6000, of=36_000, took=100, survey=survey)
    assert forecast(job.reconciled(160))["endTime"] == text(at(160 + 24_000 / 120 + 600 / 2 / 60))


def test_gpu_hours_are_those_spent_and_those_to_come_and_the_price_makes_a_cost_of_them() -> None:
    job = working(a_running_job(), seconds=1800, did=108_000, of=216_000, took=1800).reconciled(1800, PRICED)
    assert (forecast(job)["gpuHours"], forecast(job)["cost"], forecast(job)["currency"]) == (1.0, 2.5, "EUR")


def test_without_a_price_there_is_no_cost_and_without_a_gpu_no_gpu_hours() -> None:
    job = working(a_running_job(), seconds=1800, did=108_000, of=216_000, took=1800).reconciled(1800)
    assert "cost" not in forecast(job)
    job = a_running_job(compute={"device": "cpu"})
    working(job, seconds=1800, did=108_000, of=216_000, took=1800).reconciled(1800, PRICED)
    assert not {"cost", "gpuHours", "currency"} & forecast(job).keys()


def test_the_band_narrows_as_files_are_done_and_lies_around_the_end() -> None:
    errors = []
    for files in (1, 10, 100, 1000):
        job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100, succeeded=files).reconciled(160)
        told = forecast(job)
        assert told["earliestEndTime"] <= told["endTime"] <= told["latestEndTime"]
        errors.append(told["errorPercent"])
    assert errors == sorted(errors, reverse=True)
    assert (errors[0], errors[-1]) == (125, 5)


def test_an_unsure_total_makes_a_wide_band() -> None:
    sure = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    survey = {**ALL_SEEN, "error": 0.4}
    unsure = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100, survey=survey).reconciled(160)
    assert forecast(unsure)["errorPercent"] > 150 > forecast(sure)["errorPercent"]


def test_there_is_none_before_the_source_was_seen_to_its_end() -> None:
    job = a_running_job()
    working(job, seconds=160, did=6000, of=12_000, took=100, survey={**ALL_SEEN, "complete": False}).reconciled(160)
    assert not {"forecast", "estimatedCompletionTime"} & job.status.keys()


def test_there_is_none_while_no_speed_is_known() -> None:
    assert "forecast" not in working(a_running_job(), seconds=30, of=12_000).reconciled(30).status


def test_a_run_that_waits_or_is_over_has_none() -> None:
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    job.asking(suspend=True).reconciled(161).without_pods().reconciled(162)
    assert "forecast" not in job.status
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    job.with_shard(total=3, succeeded=3, stage="Finished", audio=(12_000, 12_000), reported=260)
    assert "forecast" not in finished(job, 260).reconciled(270).status


def test_a_run_between_two_pods_keeps_what_it_had() -> None:
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    told = forecast(job)
    job.pod_ended(170, exit_code=70).reconciled(171)
    assert (job.status["phase"], forecast(job)) == ("Running", told)


def test_the_end_of_a_run_that_would_take_a_lifetime_is_not_told() -> None:
    assert "forecast" not in working(a_running_job(), seconds=60, did=1, of=1e11, took=50).reconciled(60).status


def test_of_a_runner_that_tells_less_the_run_as_a_whole_is_what_speed_is_taken_from() -> None:
    job = a_running_job().with_shard(total=4, succeeded=1, audio=(600, 1800), reported=60).reconciled(60)
    assert forecast(job)["endTime"] == text(at(180))
    assert "speedFrom" not in forecast(job)
    assert "forecast" not in a_running_job().with_shard(audio=(5, 5), reported=60).reconciled(60).status
    assert "forecast" not in a_running_job().with_shard(audio=(1e-9, 1e11), reported=60).reconciled(60).status


def test_the_same_reports_give_the_same_forecast_whatever_is_learnt_meanwhile() -> None:
    job = working(a_running_job(), seconds=160, did=6000, of=12_000, took=100).reconciled(160)
    job.speeds = learnt_from(an_earlier_run())
    assert job.reconcile(1000).status is None, "nothing is written for it"
    working(job, seconds=170, did=6600, of=12_000, took=110).reconciled(170)
    assert forecast(job)["speedFrom"] == "ThisAndEarlierRuns"


NUMBERS = st.one_of(st.just(0.0), st.floats(5e-324, 1e-300), st.floats(0, 1e11), st.just(1e11))
BYTES = st.integers(0, 2**53)
KINDS = st.fixed_dictionaries(
    {
        "suffix": st.sampled_from(["wav", "mp3", ""]),
        "bytes": BYTES,
        "seconds": NUMBERS,
        "openedBytes": BYTES,
        "taughtBytes": BYTES,
        "taughtSeconds": NUMBERS,
        "error": st.floats(0, 10),
    }
)
VIEWS = st.fixed_dictionaries(
    {
        "audio": st.tuples(NUMBERS, NUMBERS),
        "worked": st.fixed_dictionaries({"audioSeconds": NUMBERS, "seconds": NUMBERS}),
        "survey": st.fixed_dictionaries(
            {
                "complete": st.booleans(),
                "error": st.floats(0, 10),
                "stretchSeconds": NUMBERS,
                "kinds": st.lists(KINDS, max_size=3),
            }
        ),
    }
)


@settings(max_examples=60)
@given(st.lists(VIEWS, min_size=1, max_size=3), st.booleans())
def test_whatever_pods_say_the_forecast_is_one_that_can_be(views: list[dict[str, Any]], learnt: bool) -> None:
    job = a_running_job(parallelism=3)
    if learnt:
        job.speeds = EARLIER
    for index, view in enumerate(views):
        job.with_shard(index, total=1000, succeeded=400, reported=160, **view)
    status = TranscriptionJobStatus.model_validate(job.reconciled(160, PRICED).status)
    if status.forecast is None:
        assert status.estimated_completion_time is None
        return
    told = status.forecast
    assert told.earliest_end_time
    assert told.end_time
    assert told.latest_end_time
    assert at(160) <= told.earliest_end_time <= told.end_time <= told.latest_end_time
    assert told.end_time == status.estimated_completion_time


# --- earlier runs -----------------------------------------------------------------------------------------------------


def test_the_speed_of_earlier_runs_tells_the_end_before_this_one_has_done_anything() -> None:
    job = a_running_job()
    job.speeds = learnt_from(an_earlier_run(audio=36_000, seconds=1000))
    working(job, seconds=30, of=72_000, succeeded=0).reconciled(30)
    assert (forecast(job)["endTime"], forecast(job)["speedFrom"]) == (text(at(2030)), "EarlierRuns")


def test_a_run_that_has_yet_to_find_something_to_do_is_not_foretold() -> None:
    job = a_running_job()
    job.speeds = learnt_from(an_earlier_run())
    working(job, seconds=10, of=72_000, succeeded=0, stage="Starting").reconciled(10)
    assert "forecast" not in job.status, "all of it may be done already"
    working(job, seconds=20, of=7200, succeeded=0, skipped=900, stage="LoadingModel").reconciled(20)
    assert forecast(job)["endTime"] == text(at(220))


def test_this_runs_own_speed_outweighs_theirs_the_longer_it_goes_on() -> None:
    ends = []
    for took in (10, 300, 30_000):
        job = a_running_job()
        job.speeds = learnt_from(an_earlier_run(audio=36_000, seconds=1000))
        working(job, seconds=took, did=18 * took, of=18 * took + 36_000, took=took).reconciled(took)
        ends.append(forecast(job)["durationSeconds"] - took)
    assert ends == [pytest.approx(36_000 / speed, abs=1) for speed in ((180 + 300 * 36) / 310, 27, (18 * 100 + 36) / 101)]


def test_runs_with_other_settings_teach_nothing() -> None:
    job = a_running_job(language="es")
    job.speeds = learnt_from(an_earlier_run())
    assert "forecast" not in working(job, seconds=30, of=72_000, succeeded=0).reconciled(30).status


def an_estimate(speeds: Speeds, **spec: Any) -> Job:
    job = a_job().asking(estimateOnly=True, **spec)
    job.speeds = speeds
    job.reconciled(0, PRICED).started()
    survey = {**ALL_SEEN, "bytes": 5_000_000, "error": 0.1}
    job.with_shard(total=100, audio=(0, 360_000), stage="Finished", survey=survey, reported=20)
    return finished(job, 20).reconciled(20, PRICED)


def test_an_estimate_tells_time_and_cost_for_its_parallelism() -> None:
    job = an_estimate(learnt_from(an_earlier_run(audio=36_000, seconds=1000)), parallelism=4)
    told = forecast(job)
    assert (told["audioHours"], told["durationSeconds"], told["gpuHours"]) == (100, 2500, 2.78)
    assert (told["cost"], told["currency"], told["speedFrom"]) == (6.94, "EUR", "EarlierRuns")
    assert not {"startTime", "endTime"} & told.keys(), "nobody knows when it would start"
    assert "estimatedCompletionTime" not in job.status
    assert job.status["message"] == (
        "estimate: 100 files to do, 5.0 MB, about 100 hours of audio; about 42 minutes with 4 pods, 2.8 GPU hours, 6.94 EUR "
        "(may be off by 79%)"
    )


def test_an_estimate_without_earlier_runs_says_that_it_does_not_know_how_long() -> None:
    job = an_estimate(Speeds())
    assert forecast(job) == {"audioHours": 100, "errorPercent": 25}
    assert job.status["message"].endswith(
        "(may be off by 25%); how long that takes is not known, no run with these settings has succeeded here yet"
    )


def test_an_estimate_that_is_over_stays_as_it_was_said() -> None:
    job = an_estimate(learnt_from(an_earlier_run()))
    job.speeds = learnt_from(an_earlier_run(audio=72_000))
    assert job.reconcile(500).status is None
