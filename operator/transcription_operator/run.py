"""Which run of a TranscriptionJob is due, and the name of its child Job.

A run begins with the first sight of the job, or with another `spec.runId`. The child's name must be the same after a crash at
any line and in two operators at once, so it is computed, never drawn: from the job's uid, the runId, and the run before (so
that going back to a runId used earlier is a run of its own). Once status speaks of the run, the name stands there.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from transcription_api.status import TranscriptionJobStatus

_READABLE = 41
_HASH = 10
# Pods of an Indexed Job are called <job>-<index>-<5 characters> and must stay host names (63 characters): 52 + 3 + 6 = 61.
MAX_JOB_NAME = _READABLE + 1 + _HASH


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    run_id: str
    job_name: str
    recorded: bool
    """Whether status speaks of it already."""


def current_run(name: str, uid: str, run_id: str, status: TranscriptionJobStatus) -> Run:
    """The run that the spec asks for."""
    if status.phase is not None and status.run_id == run_id and status.job_name:
        return Run(run_id, status.job_name, recorded=True)
    return Run(run_id, job_name(name, uid, run_id, status.job_name or ""), recorded=False)


def job_name(name: str, uid: str, run_id: str, previous: str) -> str:
    """A DNS label of at most MAX_JOB_NAME characters: the job's name as far as it fits, and a hash."""
    digest = sha256("\n".join((uid, run_id, previous)).encode()).hexdigest()[:_HASH]
    readable = re.sub(r"[^a-z0-9-]", "-", name)[:_READABLE].strip("-")
    return f"{readable}-{digest}"
