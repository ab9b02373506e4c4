"""Why a TranscriptionJob waits, runs or is suspended: reasons of the conditions Running, Suspended and Contested."""

from transcription_api.reasons.reason import Chapter, Reason

STATES = Chapter(
    "While a job is under way",
    "Reasons of the conditions `Running`, `Suspended` and `Contested`. `kubectl get tsj NAME -o wide` shows the message of "
    "the one that matters.",
    (
        Reason(
            "PodsStarting",
            "The run has begun, and none of its pods runs yet: they are being made, or their node loads the image, which the "
            "message says then. The runner's image is large: the first pod on a node may take minutes.",
            "",
        ),
        Reason(
            "Unschedulable",
            "The scheduler finds no node for a pod. The message is the scheduler's own: too few free GPUs, a node selector "
            "that no node has, a taint that is not tolerated.",
            "Compare `compute.gpuResource`, `compute.nodeSelector` and `compute.tolerations` with `kubectl describe node`. "
            "If all GPUs are only busy, wait: the pod starts when one is free. `pendingDeadlineSeconds` bounds the wait.",
        ),
        Reason(
            "ClaimNotMade",
            "The job takes its GPU by dynamic resource allocation, and Kubernetes has made no ResourceClaim for the pod.",
            "Create the ResourceClaimTemplate that `compute.resourceClaimTemplateName` names, in the job's namespace.",
        ),
        Reason(
            "ImagePullFailed",
            "The node cannot fetch the runner's image.",
            "The message has the image's name and the registry's answer. Check `runner.image` and `imagePullSecrets` of the "
            "chart, and that the node reaches the registry.",
        ),
        Reason(
            "SecretNotFound",
            "The Secret with the keys of the store is not in the job's namespace.",
            "`kubectl create secret generic minio-credentials --from-literal=accessKey=... --from-literal=secretKey=...` in "
            "that namespace. The job goes on by itself.",
        ),
        Reason(
            "SecretKeyNotFound",
            "The Secret is there, but lacks one of the keys `accessKey` and `secretKey`.",
            "Add the key. The job goes on by itself.",
        ),
        Reason(
            "ContainerNotStarted",
            "The kubelet cannot start the container; the message is the kubelet's. Typical is a RuntimeClass that the node does "
            "not know.",
            "`kubectl describe pod` of the pod says more.",
        ),
        Reason(
            "VolumeNotMounted",
            "The pod is on its node, and a volume cannot be mounted there: a folder of the host that is not there, a disk that "
            "another node holds, a file server that does not answer. The message quotes the pod's Events.",
            "For the volume of models look at `runner.modelCache` of the chart. Kubernetes tries again by itself, and the pod "
            "starts when the volume is there.",
        ),
        Reason(
            "PodsNotCreated",
            "The child Job makes no pod: a quota, a limit range or an admission plugin refuses it. The message quotes the "
            "Job's Events.",
            "Raise the quota, or change what the admission plugin objects to. Kubernetes tries again by itself.",
        ),
        Reason(
            "JobRejected",
            "The API server refuses the child Job or a change of it. If the refusal is final, the job is Failed with this "
            "reason.",
            "The message is the API server's. After a final refusal, correct what it objects to and set another `runId`.",
        ),
        Reason(
            "NameTaken",
            "An object that the run needs has a name that somebody else's object has already. The operator leaves that "
            "object as it is.",
            "Look whose it is; delete it or rename it. The job goes on by itself.",
        ),
        Reason(
            "ProfileNotFound",
            "`spec.profileRef` names a profile that does not exist. A TranscriptionProfile has to be in the job's namespace.",
            "Create the profile, or make the job again with another name. The job begins once the profile is there.",
        ),
        Reason(
            "SeveralDefaultProfiles",
            'Several profiles of the same scope have the label `transcription.whisperx.dev/default-profile: "true"`.',
            "Take the label off all but one. Or name a profile in `spec.profileRef`.",
        ),
        Reason(
            "Queued",
            "Kueue has the job in its queue and has not admitted it yet.",
            "Nothing, unless it lasts: look at the ClusterQueue's quota.",
        ),
        Reason("PodsRunning", "At least one pod works. The message says how many, and what hinders the others.", ""),
        Reason(
            "WaitingForStore",
            "A pod has lost the object store and tries again. After 300 s (`TRANSCRIPTION_STORE_PATIENCE_SECONDS`) it gives "
            "up and is replaced, which counts for `backoffLimit`. No file fails by it; the job does, if the outage lasts.",
            "Look at the store and the network between. The message says what the pod met.",
        ),
        Reason(
            "PodFailed",
            "A pod failed and is being replaced; the message says why it failed. As the reason of a failed job: the pod "
            "failed before the runner started.",
            "Nothing, if it stays one pod. `backoffLimit` says how many may fail.",
        ),
        Reason("PodsChanging", "For a moment no pod runs, since pods are being replaced or are done.", ""),
        Reason(
            "Failing",
            "What ends the run has happened; Kubernetes is stopping the other pods.",
            "Read the message: the reason of the end is in it.",
        ),
        Reason(
            "JobFailing",
            "Kubernetes is about to call the child Job failed. It stands in the message of `Failing`.",
            "As for the reason that the job ends with.",
        ),
        Reason("Finishing", "All pods are done; their last reports are on the way.", ""),
        Reason("JobDeleted", "Somebody deleted the child Job. It is made again, and finished files are skipped.", ""),
        Reason("SuspendRequested", "`spec.suspend` is true.", "Set it to false to go on. Finished files are kept."),
        Reason(
            "SuspendedByOther",
            "The child Job itself was suspended, and not by `spec.suspend`. The operator respects that.",
            "The message has the command that resumes it. Ask first who suspended it.",
        ),
        Reason("NotSuspended", "Said by the condition `Suspended` when it is False.", ""),
        Reason("Suspended", "Said by the condition `Running` of a suspended job; `Suspended` has the reason.", ""),
        Reason(
            "DoesNotStay",
            "Said by the condition `Contested`: what the operator does is undone each time by another controller or an "
            "admission policy. It tries at growing intervals.",
            "The message names the object. Find who changes it: `kubectl get job NAME -o yaml --show-managed-fields`.",
        ),
    ),
)
