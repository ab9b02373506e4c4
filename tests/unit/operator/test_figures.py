"""Adding up the shards' reports."""

from tests.unit.operator.world import Job, a_job, a_running_job, at
from transcription_operator.policies.figures import Figures, add_up, percent, speed
from transcription_operator.policies.shards import reports_by_age, shards


def figures(job: Job) -> Figures:
    observed = job.observed()
    before = observed.resource.status
    reports = reports_by_age(pod for pod in observed.pods if pod.owner_uid == f"uid-{job.job_name}")
    return add_up(shards(before.shards or [], reports), reports, before, at(60))


def test_own_work_is_summed_and_views_of_the_whole_are_not() -> None:
    job = a_job().with_shard(0, total=10, succeeded=3, skipped=2, failed=1, audio=(30, 100), languages={"en": 3})
    job.with_shard(1, total=12, succeeded=2, skipped=2, audio=(20, 120), languages={"en": 1, "es": 1})
    result = figures(job)
    assert result.files is not None
    assert result.files.wire() == {"total": 12, "succeeded": 5, "skipped": 2, "failed": 1}
    assert result.file_progress == "8/12"
    assert result.audio_seconds is not None
    assert result.audio_seconds.wire() == {"total": 120, "processed": 50}
    assert result.languages == {"en": 4, "es": 1}


def test_where_word_times_come_from_is_summed_and_reaches_the_status() -> None:
    assert figures(a_job().with_shard(0, total=3)).word_times is None
    job = a_running_job().with_shard(0, wordTimes={"ctc": 2, "words": 20, "estimated": 1})
    job.with_shard(1, wordTimes={"ctc": 1, "attention": 1, "none": 1, "words": 10}).reconciled(60)
    assert job.status["wordTimes"] == {"ctc": 3, "attention": 1, "none": 1, "words": 30, "estimated": 1}


def test_nothing_is_lost_or_counted_twice_when_a_pod_is_replaced() -> None:
    job = a_running_job().with_shard(total=9, succeeded=4, audio=(50, 90), languages={"en": 3, "es": 1}).reconciled(60)
    job.with_failed_pod(70).with_running_pod().with_shard(total=2, audio=(0, 20), reported=70).reconciled(70)
    assert (job.status["fileProgress"], job.status["audioSeconds"]) == ("4/9", {"total": 90, "processed": 50})
    assert job.status["languages"] == {"en": 3, "es": 1}
    job.with_shard(total=9, succeeded=6, audio=(60, 90), languages={"en": 5, "es": 1}, reported=80).reconciled(80)
    assert (job.status["fileProgress"], job.status["audioSeconds"]) == ("6/9", {"total": 90, "processed": 60})
    assert job.status["languages"] == {"en": 5, "es": 1}
    assert len(job.status["shards"]) == 1


def test_a_shard_that_is_given_up_keeps_what_it_did() -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=9, succeeded=2, audio=(20, 90), languages={"en": 2})
    job.with_shard(1, total=9, succeeded=3, audio=(30, 90), languages={"en": 3}, wordTimes={"ctc": 3}).reconciled(60)
    job.without_pods().asking(parallelism=1).reconciled(61)
    assert (job.status["fileProgress"], job.status["languages"], job.status["wordTimes"]["ctc"]) == ("5/9", {"en": 5}, 3)
    run = {"files": {"total": 9, "succeeded": 9}, "processedSeconds": 90, "languages": {"en": 9}, "wordTimes": {"ctc": 9}}
    job.with_shard(0, total=9, succeeded=6, audio=(60, 60), languages={"en": 6}, stage="Finished", run=run).reconciled(70)
    assert (job.status["fileProgress"], job.status["audioSeconds"]) == ("9/9", {"total": 90, "processed": 90})
    assert (job.status["languages"], job.status["wordTimes"]["ctc"]) == ({"en": 9}, 9)
    job.without_pods().reconciled(80)
    assert (job.status["fileProgress"], job.status["languages"]) == ("9/9", {"en": 9})


def test_a_failure_that_a_pod_reported_is_not_hidden_by_anothers_totals() -> None:
    run = {"files": {"total": 3, "succeeded": 3}}
    job = a_job().with_shard(0, total=3, failed=2).with_shard(1, total=3, stage="Finished", run=run)
    files = figures(job).files
    assert files is not None
    assert files.failed == 2


def test_reports_of_another_run_do_not_count() -> None:
    assert figures(a_job().with_shard(0, succeeded=3, job_name="another")).files is None


def test_the_total_is_never_less_than_what_is_done() -> None:
    job = a_job().with_shard(0, total=2, succeeded=2).with_shard(1, total=1, succeeded=1)
    assert figures(job).file_progress == "3/3"


def test_failures_are_told_apart_by_key_and_at_most_twenty() -> None:
    def failed(first: int, last: int) -> list[dict[str, str]]:
        return [{"key": f"{n}.wav", "reason": "DamagedAudio", "message": ""} for n in range(first, last)]

    job = a_job().with_shard(0, failures=failed(0, 15)).with_shard(1, failures=failed(10, 30))
    failures = figures(job).failures
    assert failures is not None
    assert [failure.key for failure in failures] == [f"{n}.wav" for n in range(20)]


def test_progress_is_of_audio_and_never_whole_before_the_end() -> None:
    assert percent(figures(a_job())) is None
    assert percent(figures(a_job().with_shard(total=4, audio=(25, 100)))) == "25%"
    assert percent(figures(a_job().with_shard(total=4, succeeded=4, audio=(100, 100)))) == "99%"
    assert percent(figures(a_job().with_shard(total=4, skipped=1))) == "25%"
    assert percent(figures(a_job().with_shard(total=0))) == "0%"


def test_speed_follows_from_the_reports_alone() -> None:
    result = figures(a_job().with_shard(total=4, audio=(600, 1800), reported=60))
    assert speed(result, 60) == 10.0
    assert speed(result, None) is None
    assert speed(figures(a_job().with_shard(total=4)), 60) is None
