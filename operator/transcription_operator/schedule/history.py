"""Which ended jobs of a schedule are too many? The oldest beyond each limit."""

from collections.abc import Sequence

from transcription_operator.schedule.observed import Schedule, ScheduledJob


def beyond_limits(schedule: Schedule, jobs: Sequence[ScheduledJob]) -> list[ScheduledJob]:
    """Ended jobs that are to go, oldest first."""
    limits = {"Succeeded": schedule.successful_jobs_history_limit, "Failed": schedule.failed_jobs_history_limit}
    by_age = sorted(jobs, key=lambda job: (job.created, job.name))
    superfluous = []
    for outcome, limit in limits.items():
        ended = [job for job in by_age if job.ended == outcome and not job.deleting]
        superfluous += ended[: max(0, len(ended) - limit)]
    return superfluous
