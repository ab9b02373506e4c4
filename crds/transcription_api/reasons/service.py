"""Error codes of the service: of every request, of requests for jobs, and of live streams."""

from transcription_api.reasons.reason import Chapter, Reason

SERVICE = Chapter(
    "The service",
    "`error.code` of an answer, with its HTTP status. About a file, and about what the model can do, the service says the "
    "words above. See [the service](service.md).",
    (
        Reason(
            "InvalidKey",
            "The request has none of the service's API keys.",
            "Send `Authorization: Bearer KEY`. Keys are in the Secret that `service.apiKeysSecret` names.",
            401,
        ),
        Reason(
            "InvalidParameter",
            "A parameter is unknown, has a value that it cannot have, or does not go with another.",
            "`param` names it, `allowed` lists what it may be.",
            422,
        ),
        Reason(
            "UnsupportedParameter",
            "A parameter of OpenAI's API that this service cannot honour. It is refused rather than ignored.",
            "Leave it out.",
            422,
        ),
        Reason(
            "ModelNotLoaded",
            "The request asks for another model than the one that is loaded (404 from `/v1/models/NAME`).",
            "Leave `model` out, or ask for the one in `allowed`.",
            422,
        ),
        Reason("ComputeTypeNotLoaded", "The request asks for another compute type.", "Leave it out.", 422),
        Reason("NotMultipart", "The request is no form.", "`curl -F file=@call.wav …`", 415),
        Reason(
            "InvalidForm",
            "The form cannot be read, has no part `file` with a file name, or has parameters that belong into the address.",
            "The message says which.",
            422,
        ),
        Reason("TooSlow", "The upload came too slowly.", "Try again over a better connection.", 408),
        Reason(
            "TooManyRequests",
            "All places are taken, or this client asks more often than it may.",
            "Ask again after `Retry-After` seconds. `service.places`, `service.requestsPerMinute` and more replicas change it.",
            429,
        ),
        Reason(
            "TooManyConnections",
            "More connections are open than the service has room for.",
            "Close idle connections; try again later.",
            503,
        ),
        Reason(
            "InvalidRequest", "What came is no request of HTTP, or its headers are too large.", "Check client and proxy.", 400
        ),
        Reason("NotFound", "There is no such address.", "`/docs` lists those that there are.", 404),
        Reason("MethodNotAllowed", "The address exists, with another method.", "See `/docs`.", 405),
        Reason("NotJson", "`/formats` takes a transcript as JSON.", "Send `Content-Type: application/json`.", 415),
        Reason(
            "InvalidTranscript",
            "`/formats` got JSON that is no transcript of this service.",
            "Send what `POST /transcribe` gave.",
            422,
        ),
    ),
)

SERVICE_JOBS = Chapter(
    "Jobs of the service",
    "For requests with `async=true` and below `/jobs`.",
    (
        Reason("NoJobs", "This service makes no jobs (`service.jobs.enabled` is false).", "Leave `async` out.", 422),
        Reason("JobNotFound", "There is no such job, or another API key made it.", "Check the name.", 404),
        Reason("JobNotOver", "The transcript is not there yet.", "Wait: `/jobs/NAME/events` tells when the job is over.", 409),
        Reason(
            "TranscriptNotFound",
            "The job succeeded, and its transcript has been removed from the store.",
            "Send the recording again.",
            404,
        ),
        Reason(
            "SourceNotAllowed",
            "`source` names a bucket that this service does not read.",
            "`allowed` lists the buckets; `service.jobs.sources` adds to them.",
            422,
        ),
        Reason("InvalidJob", "The API server refuses the job. The message is its own.", "Correct the parameter it names.", 422),
        Reason(
            "TooManyJobs",
            "The namespace's quota of jobs is used up.",
            "Delete jobs that are over (`DELETE /jobs/NAME`), or raise the quota.",
            429,
        ),
        Reason(
            "JobForbidden",
            "A rule of the cluster forbids such a job.",
            "The administrator: compare the message with `policy` of the chart.",
            500,
        ),
        Reason(
            "RightMissing",
            "The service's account may not make or see TranscriptionJobs.",
            "Install the chart with `service.jobs.enabled`.",
            500,
        ),
        Reason("NoJobKind", "The cluster has no CRD of TranscriptionJob.", "Install the chart's CRDs.", 500),
        Reason("ClusterBusy", "The API server refuses for load.", "Ask again after `Retry-After` seconds.", 503),
        Reason(
            "ClusterUnavailable",
            "The API server does not answer. Whether the job was made is not known; the service deletes it if it was.",
            "Ask again later.",
            503,
        ),
    ),
)

STREAMS = Chapter(
    "Live captions",
    "For WebSockets: before they open as the answer's `error.code`, afterwards as a message. See [live captions](live.md).",
    (
        Reason("NoStreams", "This service takes no live streams (`service.streams: 0`).", "Ask a service that does.", 422),
        Reason("ForeignOrigin", "A page of another address opens a stream.", "List its origin in `service.corsOrigins`.", 403),
        Reason("Ending", "The service is about to stop.", "Connect again: another pod takes over.", 503),
        Reason("Idle", "Nothing came for too long; the session ends.", "Send `KeepAlive` or silence, or connect again.", 408),
        Reason("SessionBegun", "A session cannot be changed once sound has come.", "Open another one.", 422),
        Reason(
            "InvalidMessage",
            "A message is no JSON of OpenAI's realtime API, or its audio is no base64.",
            "`param` names the field.",
            422,
        ),
        Reason(
            "SchemaError",
            "A text message is none of `KeepAlive`, `Finalize` and `CloseStream` (Deepgram's API).",
            "Send sound as binary messages.",
            422,
        ),
        Reason(
            "input_audio_buffer_commit_empty",
            "Less than 100 ms of sound came since the last commit. OpenAI's own word.",
            "Commit less often.",
            422,
        ),
    ),
)
