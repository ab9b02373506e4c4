"""Names that more than one room must agree on: API group, labels, field managers, fixed object names, exit codes."""

from enum import IntEnum
from typing import Final

GROUP = "transcription.whisperx.dev"
VERSION = "v1alpha1"
API_VERSION: Final = "transcription.whisperx.dev/v1alpha1"
KIND: Final = "TranscriptionJob"
PLURAL = "transcriptionjobs"
PROFILE_KIND: Final = "TranscriptionProfile"
PROFILE_PLURAL = "transcriptionprofiles"
CLUSTER_PROFILE_KIND: Final = "ClusterTranscriptionProfile"
CLUSTER_PROFILE_PLURAL = "clustertranscriptionprofiles"
SHORT_NAME = "tsj"
CATEGORIES = ("all", "transcription")

SCHEDULE_KIND: Final = "TranscriptionSchedule"
SCHEDULE_PLURAL = "transcriptionschedules"

LABEL_JOB_NAME = f"{GROUP}/job-name"
"""On child objects: the TranscriptionJob's name, cut to 63 characters."""
LABEL_JOB_UID = f"{GROUP}/job-uid"
"""On child objects: the TranscriptionJob's uid. The operator watches only objects that carry this label."""
LABEL_SCHEDULE = f"{GROUP}/schedule-name"
"""On TranscriptionJobs: the name of the TranscriptionSchedule that made them, for people. Whose a job is, its controller says."""
ANNOTATION_SCHEDULED_TIME = f"{GROUP}/scheduled-time"
"""On TranscriptionJobs: the time that they were due at, in the schedule's time zone, for people."""
ANNOTATION_RUN = f"{GROUP}/run-id"
"""On child Jobs: the spec.runId that the Job serves."""
ANNOTATION_LAST_APPLIED = f"{GROUP}/last-applied"
"""On child Jobs: the `suspend` and `parallelism` that the operator last gave the Job, as JSON. Others may change both."""
ANNOTATION_AVOIDED_NODES = f"{GROUP}/avoided-nodes"
"""On child Jobs: the nodes that their pods keep away from where they can, separated by commas."""
LABEL_DEFAULT_PROFILE = f"{GROUP}/default-profile"
"""On a profile, "true": jobs that name no profile get this one."""
ANNOTATION_EFFECTIVE = f"{GROUP}/effective"
"""On child Jobs: what the run began with (`status.effective` as JSON), for the time until status speaks of the run."""
ANNOTATION_TOLD_UNTIL = f"{GROUP}/told-until"
"""On the Lease of whoever tells the sink: all transitions that were stored up to this resource version are told."""
LABEL_QUEUE = "kueue.x-k8s.io/queue-name"
"""On a Job: Kueue admits it, by this queue, and owns its `suspend`."""

ANNOTATION_REPORT = f"{GROUP}/report"
"""On runner pods: the pod's own report (`ShardReport` as JSON), the one thing that a runner may write through the API."""
ANNOTATION_CONFIG = f"{GROUP}/runner-config"
"""On pods: the runner's configuration, which the pod mounts as a file."""

OPERATOR_FIELD_MANAGER = "transcription-operator"
RUNNER_FIELD_MANAGER = "transcription-runner"

RUNNER_SERVICE_ACCOUNT = "transcription-runner"
RUNNER_CONTAINER = "runner"

ENV_S3_ACCESS_KEY = "S3_ACCESS_KEY"
ENV_S3_SECRET_KEY = "S3_SECRET_KEY"
ENV_S3_CA_FILE = "S3_CA_FILE"
"""A file of certificates (PEM) that the store's is checked with, beside the publicly known ones."""
SECRET_ACCESS_KEY = "accessKey"
SECRET_SECRET_KEY = "secretKey"
SECRET_CA = "ca.crt"

ENV_COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
"""Set by the Job controller: which shard this pod is."""
ENV_POD_NAME = "POD_NAME"
ENV_MODEL_PATH = "TRANSCRIPTION_MODEL_PATH"
"""Colon-separated folders in which a model name is looked up before a hub is asked."""
ENV_SCRATCH_BYTES = "TRANSCRIPTION_SCRATCH_BYTES"
"""How many bytes of fetched objects a runner may hold at once."""

CONFIG_FOLDER = "/etc/transcription"
CONFIG_FILE = "config.json"
"""The runner's configuration (`RunnerConfig` as JSON): the pod's ANNOTATION_CONFIG, mounted as CONFIG_FOLDER/CONFIG_FILE."""
TOKEN_FOLDER = "/var/run/secrets/transcription"
"""The runner's short-lived API token (`token`) and the cluster's CA (`ca.crt`)."""
STORE_CA_FOLDER = "/etc/transcription-store"
"""Where the Secret with the store's CA is mounted; the file is called SECRET_CA."""
SCRATCH_FOLDER = "/tmp"
POD_GRACE_SECONDS = 30
"""How long Kubernetes waits between SIGTERM and SIGKILL."""
RUNNER_GRACE_SECONDS = 18
"""Of these, how long the file in work may still take; the rest is for giving back claims and the last report."""

MAX_PARALLELISM = 256
"""Pods of one run. Each has an entry in status, which has to stay a small object."""
MAX_AVOIDED_NODES = 8
"""Nodes that a run keeps away from at most; for each its Job may be made anew."""
MAX_REPORTED_FAILURES = 20
"""Status holds the first failures only; the manifest in the bucket holds all."""
MAX_TRANSITIONS = 16
"""Status holds a job's last transitions only; each is told to the chart's sink long before it is the seventeenth."""
MAX_TRANSITION_MESSAGE = 256


class ExitCode(IntEnum):
    """Exit codes of `transcription-runner run`; the numbers are those of BSD sysexits(3) where one fits.

    `CONFIGURATION` and `STORE_REFUSED` fail the Job at once (podFailurePolicy): a retry would burn GPU time on the same answer.
    `INTERRUPTED` is written after a SIGTERM; finished files stay finished.
    """

    DONE = 0
    STORE_UNAVAILABLE = 69
    INTERNAL = 70
    INTERRUPTED = 75
    STORE_REFUSED = 77
    CONFIGURATION = 78


STORAGE_UNREACHABLE = "StorageUnreachable"
"""The reason in the termination message of a pod that never met an object store at its endpoint (exit code STORE_UNAVAILABLE)."""

DEVICE_FAILED = "DeviceFailed"
"""The reason in the termination message of a pod whose GPU stopped working (exit code INTERNAL)."""

FINAL_EXIT_CODES = (ExitCode.STORE_REFUSED, ExitCode.CONFIGURATION)
"""Exit codes that no retry can change."""
