"""Why a pod failed: the runner's last word, or Kubernetes'."""

from transcription_api.reasons.reason import Chapter, Reason

_STARTS_AGAIN = "Correct it and set another `runId`."

PODS = Chapter(
    "Why a pod failed",
    "In the condition `Failed` when it ends the job, in messages while the job goes on. Also what `transcription-runner "
    "transcribe`, `serve` and `check` say when they cannot start. Where it says *at once*, Kubernetes does not try again: "
    "another try would give the same answer.",
    (
        Reason(
            "BucketNotFound",
            "The store has no bucket of this name. Ends the job at once.",
            f"Check `source.bucket`, `output.bucket` and `storage.endpoint`. {_STARTS_AGAIN}",
        ),
        Reason("InvalidBucketName", "The bucket's name is none that S3 allows. Ends the job at once.", _STARTS_AGAIN),
        Reason(
            "StorageAccessDenied",
            "The store refuses the keys, or they may not do this in this bucket. Ends the job at once.",
            "The keys need to locate and list both buckets, to read the source, and to read, write and delete in the output. "
            "Correct the Secret, then set another `runId`.",
        ),
        Reason(
            "StorageUnreachable",
            "The pod never met an object store at the endpoint. After more such pods than the job has shards, the job is Failed.",
            "Check `storage.endpoint`: scheme, host, port, and whether a NetworkPolicy stands between. The message says what"
            " was met.",
        ),
        Reason(
            "StorageUnavailable",
            "The store answered before, and then not for longer than the pod's patience. In an answer of the service (503): "
            "ask again later.",
            "Look at the store. The pod is replaced and goes on where it stopped.",
        ),
        Reason(
            "MissingCredentials", "The pod has no keys of the store. Ends the job at once.", f"Check the Secret. {_STARTS_AGAIN}"
        ),
        Reason(
            "InvalidCredentials",
            "A key in the Secret begins or ends with white space, most often a line break. Ends the job at once.",
            "Write the Secret with `--from-literal`, or `echo -n`. Then set another `runId`.",
        ),
        Reason(
            "InvalidConfiguration",
            "The runner cannot read its configuration, or an environment variable (`TRANSCRIPTION_…`) has no possible value."
            " Ends the job at once.",
            "Check `runner.extraEnv` and that `runner.image` has the operator's version.",
        ),
        Reason(
            "ModelNotFound",
            "The model, the aligner or the diarization pipeline is nowhere. The message lists where it was looked for. Ends "
            "the job at once.",
            "Put it into the model volume, correct the name, or allow downloads with `runner.offline: false`: see "
            "[models](models.md).",
        ),
        Reason(
            "ModelNotLoadable",
            "The folder is there, but no model can be loaded from it. Ends the job at once.",
            "The message has the library's words. Fetch the model again.",
        ),
        Reason(
            "ModelDamaged",
            "A file of the model has not the size that it should have. Ends the job at once.",
            "`transcription-runner models verify FOLDER`, then pull or copy it again.",
        ),
        Reason(
            "ModelNotAllowed",
            "The model would come from an owner on the hub whose models may not be taken. Ends the job at once.",
            "Name another model, or a folder; or have the owner listed in `policy.hubOwners`.",
        ),
        Reason(
            "DeviceUnavailable",
            "`compute.device` is `cuda`, and the process sees no GPU. Ends the job at once.",
            "Check that `compute.gpuResource` names a resource of a GPU, and that `runtimeClassName` is set where the node "
            "needs it: see [GPUs](gpu.md).",
        ),
        Reason(
            "DeviceFailed",
            "The GPU stopped working. Files in work are neither done nor failed. Later pods of the run avoid the node where "
            "they can (`status.avoidedNodes`). In an answer of the service (503): its pod is about to restart.",
            "If it happens again on that node, look at `nvidia-smi` and at `dmesg | grep Xid` there.",
        ),
        Reason(
            "UnsupportedComputeType",
            "The device cannot compute in `model.computeType`. The message lists what it can. Ends the job at once.",
            _STARTS_AGAIN,
        ),
        Reason(
            "UnsupportedLanguage",
            "The model does not know the language. Ends the job at once; the service answers 422.",
            "Name another language or model.",
        ),
        Reason(
            "UnsupportedTask",
            "The model knows English only and cannot translate. Ends the job at once; the service answers 422.",
            "Take a multilingual model.",
        ),
        Reason(
            "PromptTooLong",
            "`initialPrompt` and `hotwords` are longer than the model takes. Ends the job at once; the service answers 422.",
            "Shorten them.",
        ),
        Reason(
            "StoreCertificates",
            "`storage.caSecret` of the chart names a Secret with the authority of the store's certificate, and in this namespace "
            "it is missing, has no key `ca.crt`, or no certificate under it. Ends the job at once.",
            "`kubectl create secret generic NAME --from-file=ca.crt=FILE` in the job's namespace. " + _STARTS_AGAIN,
        ),
        Reason(
            "NoDecoder",
            "The process that decodes audio did not start. Ends the job at once.",
            "Its own words are in the pod's log.",
        ),
        Reason(
            "OutOfMemory",
            "The pod used more memory (RAM) than its limit. As the reason of a file: decoding or recognising it needs more "
            "memory than there is.",
            "Raise `compute.resources.limits.memory`. Memory of the GPU is never the cause: there the batch is halved.",
        ),
        Reason(
            "InternalError",
            "A fault of the program. As the reason of a file: of this file only. In an answer of the service: 500.",
            "The log has the traceback; please report it.",
        ),
        Reason(
            "RunnerFailed",
            "The runner ended without a word. The message has its exit code and the end of its log.",
            "Read the pod's log.",
        ),
        Reason("StoreUnavailable", "As `StorageUnavailable`, told by the exit code (69) alone.", "Read the pod's log."),
        Reason(
            "StoreRefused",
            "As `StorageAccessDenied` or `BucketNotFound`, told by the exit code (77) alone.",
            "Read the pod's log.",
        ),
        Reason(
            "Configuration",
            "The runner cannot work with what it was given, told by the exit code (78) alone.",
            "Read the pod's log.",
        ),
        Reason("Internal", "As `InternalError`, told by the exit code (70) alone.", "Read the pod's log."),
        Reason(
            "Done", "The exit code is 0, and Kubernetes calls the pod failed all the same.", "`kubectl describe pod` says why."
        ),
        Reason(
            "Interrupted",
            "The pod was told to stop: a suspended job, a drained node, an eviction. Finished files stay finished. It costs "
            "no retry.",
            "",
        ),
        Reason("Finished", "The last word of a pod that ended well.", ""),
    ),
)
