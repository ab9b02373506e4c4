"""What did the run begin with? Status says so; until status speaks of the run, its Job does."""

from pydantic import ValidationError

from transcription_api.effective import Effective
from transcription_api.status import TranscriptionJobStatus
from transcription_operator.observed import ChildJob
from transcription_operator.run import Run


def is_first(run: Run, status: TranscriptionJobStatus) -> bool:
    """Whether it is the TranscriptionJob's first run, and status is still empty.

    Nothing that could be lost goes into the name of its Job, so the Job may be made before status speaks of it.
    """
    return not run.recorded and status.phase is None and not status.job_name


def began_with(run: Run, status: TranscriptionJobStatus, child: ChildJob | None) -> Effective | None:
    """What is in effect for the run; None: it has not begun, or what it began with cannot be read any more."""
    if run.recorded and status.effective:
        return status.effective
    if child is None or not child.effective:
        return None
    try:
        return Effective.model_validate_json(child.effective)
    except ValidationError:
        return None
