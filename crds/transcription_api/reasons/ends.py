"""How a run ended: reasons of the conditions Complete and Failed that the operator finds; what pods say is in pods.py."""

from transcription_api.reasons.reason import Chapter, Reason

ENDS = Chapter(
    "How a job ended",
    "Reasons of the conditions `Complete` and `Failed`. A failed job may have the reason of its last pod instead: see the "
    "next chapter. What is written stays written; another `spec.runId` runs again and does only what is not done.",
    (
        Reason("Completed", "Every file was done, and no more failed than `maxFailedFiles` allows.", ""),
        Reason(
            "Estimated", "The job only looked through the source (`estimateOnly`). The message says how much there is to do.", ""
        ),
        Reason(
            "NoFilesMatched",
            "The source has no file to transcribe. The job succeeded. The message says how many objects were seen and why "
            "they were passed over.",
            "If there should be files, check `source.prefix` (no slash in front), `include` and `exclude`. `source.minFiles:"
            " 1` makes this a failure.",
        ),
        Reason("TooFewFiles", "The source has fewer files than `source.minFiles` asks for.", "As for `NoFilesMatched`."),
        Reason(
            "TooManyFailedFiles",
            "More files failed than `maxFailedFiles` allows (none, if it is left out).",
            "`status.failures` lists the first 20, the manifest all. Repair or exclude them, or raise `maxFailedFiles`; then"
            " set another `runId`.",
        ),
        Reason(
            "ReportsMissing",
            "All pods ended well, but the last report of one did not arrive, so nobody can say how many files failed.",
            "The manifest and the ledger in the bucket know. Set another `runId`: the run skips what is done and counts again.",
        ),
        Reason(
            "InvalidSpec",
            "The spec, with its profile and the operator's configuration, makes no sense, or has a field that this operator "
            "does not know.",
            "The message names the field and who says it. Correct it, upgrade the operator if it is older than the CRD, and "
            "set another `runId`.",
        ),
        Reason(
            "PendingDeadlineExceeded",
            "No pod started within `pendingDeadlineSeconds`. The message says what it waited for.",
            "Remove the obstacle, or allow more time.",
        ),
        Reason(
            "DeadlineExceeded",
            "The pods ran longer than `activeDeadlineSeconds`.",
            "Allow more time, or raise `parallelism`. Another `runId` goes on where this run stopped.",
        ),
        Reason(
            "BackoffLimitExceeded",
            "More pods failed than `backoffLimit` allows. The message has the reason of the last.",
            "As for that reason.",
        ),
        Reason(
            "FailedIndexes",
            "Shards failed more often than `backoffLimitPerIndex` allows, and files are left.",
            "As for the reason in the message. If it is `DeviceFailed`, look at that node's GPU.",
        ),
        Reason(
            "JobFailed",
            "The child Job failed without a word that could be passed on. In an answer of the service (500): the job of a "
            "request failed.",
            "`kubectl describe job` of `status.jobName`.",
        ),
        Reason("Failed", "Said by the condition `Running` of a failed job; `Failed` has the reason.", ""),
    ),
)
