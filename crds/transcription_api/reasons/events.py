"""Kubernetes Events of a TranscriptionJob that are no reason of a condition."""

from transcription_api.reasons.reason import Chapter, Reason

EVENTS = Chapter(
    "Events of a job",
    "Shown by `kubectl describe tsj NAME`. An Event with another word has the reason of a condition, explained above.",
    (
        Reason("Started", "The job runs, after a wait of more than a minute.", ""),
        Reason("Succeeded", "The run ended well; the message has the counts.", ""),
        Reason("Resumed", "The job is no longer suspended.", ""),
        Reason(
            "JobRecreated",
            "The child Job was gone before the run had ended, and was made again.",
            "If nobody deleted it, find out who did.",
        ),
        Reason("Contested", "The condition `Contested` has come up: see `DoesNotStay`.", "As there."),
    ),
)
