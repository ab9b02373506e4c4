"""Why the sink of events has not taken one: the label `cause` of the operator's metrics, and its log."""

from transcription_api.reasons.reason import Chapter, Reason

SINKS = Chapter(
    "The sink of events",
    "The label `cause` of `transcription_operator_cloudevents_failed_attempts_total` and `…_given_up_total`, and a word in "
    "the operator's log. Jobs never wait for the sink. See [events](events.md).",
    (
        Reason(
            "Unreachable",
            "No connection, or no valid certificate.",
            "Check `events.url`, the NetworkPolicy, and `ca.crt` in the Secret.",
        ),
        Reason("Timeout", "No answer within `events.timeoutSeconds`.", "The sink should answer first and work afterwards."),
        Reason("ServerError", "The sink answered 5xx.", "Look at the sink's log."),
        Reason(
            "Denied",
            "The sink answered 401, 403 or another refusal.",
            "Check `headers` in the Secret of `events.existingSecret`.",
        ),
        Reason(
            "Redirected",
            "The sink answered with another address. Redirects are not followed.",
            "Put the final address into `events.url`.",
        ),
        Reason(
            "EventRefused",
            "The sink refuses this one event (400, 409, 413, 415, 422). After ten refusals it is given up.",
            "Look at the sink's log.",
        ),
        Reason("Gone", "The sink answered 410: it wants no more events.", "Restart the operator to send again."),
        Reason(
            "SecretUnusable",
            "The Secret has no usable `signingKey`, or a header or certificate that cannot be read.",
            "The log says which.",
        ),
        Reason(
            "Superseded",
            "Of more than 16 transitions of one job the oldest were never told, since an outage kept them back.",
            "`status` of the job has its state.",
        ),
    ),
)
