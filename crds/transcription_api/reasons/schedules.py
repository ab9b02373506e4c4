"""Reasons of a TranscriptionSchedule's conditions, and its Events."""

from transcription_api.reasons.reason import Chapter, Reason

SCHEDULES = Chapter(
    "Schedules",
    "Reasons of the conditions `Ready` and `Suspended` of a TranscriptionSchedule, and its Events. `JobRejected` and "
    "`NameTaken` mean the same as for jobs.",
    (
        Reason("Scheduled", "All is well: `status.nextScheduleTime` says when the next job is made.", ""),
        Reason(
            "Waiting",
            "A run is due, and waits for an earlier job: `concurrencyPolicy` is `Forbid`.",
            "Nothing, or another policy.",
        ),
        Reason(
            "InvalidSchedule",
            "`spec.schedule` is no cron expression of five fields, or is never due.",
            "Correct it; the message says what is wrong.",
        ),
        Reason("UnknownTimeZone", "`spec.timeZone` is no name of the time zone database.", "A name such as `Europe/Madrid`."),
        Reason("JobCreated", "Event: a job was made.", ""),
        Reason(
            "JobReplaced",
            "Event: an unfinished job was deleted, since the next run is due and `concurrencyPolicy` is `Replace`.",
            "",
        ),
        Reason("JobSucceeded", "Event: a job of the schedule succeeded.", ""),
        Reason(
            "MissedSchedule",
            "Event: runs were not begun in time, since the operator was away, the schedule suspended, an earlier job "
            "unfinished, or the job refused.",
            "`startingDeadlineSeconds` says how late a run may begin.",
        ),
    ),
)
