"""Adding up the shards' reports."""

from tests.unit.operator.world import Job, a_job, a_running_job, at
from transcription_operator.policies.figures import Figures, add_up, estimated_end, percent, speed


def figures(job: Job) -> Figures:
    return add_up(job.observed().resource.status.shards or [], job.job_name)


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


def test_speed_and_end_follow_from_the_reports_alone() -> None:
    result = figures(a_job().with_shard(total=4, audio=(600, 1800), reported=60))
    assert speed(result, 60) == 10.0
    assert estimated_end(result, 60) == at(180)
    assert speed(result, None) is None
    assert speed(figures(a_job().with_shard(total=4)), 60) is None
    assert estimated_end(figures(a_job().with_shard(audio=(5, 5))), 60) is None
