"""Have more files failed than the job allows?

Without `spec.maxFailedFiles` every file is tried, and the end tells. With it, a run that has passed it can only fail, and is
stopped: it keeps no GPU for files that the next run, which skips what is written, does as well. A run that has nothing left to
stop ends by itself, with its manifest.
"""

from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import FileCounts
from transcription_operator.policies.figures import Figures


def too_many(files: FileCounts, spec: TranscriptionJobSpec) -> str | None:
    """What is said of a run that is done with every file, if too many of them failed."""
    allowed = spec.max_failed_files or 0
    if files.failed <= allowed:
        return None
    written = "the other files are written" if files.succeeded + files.skipped else "none is written"
    return f"{files.failed} of {files.total} files failed, spec.maxFailedFiles allows {allowed}: see status.failures; {written}"


def beyond_hope(figures: Figures, spec: TranscriptionJobSpec) -> str | None:
    """Why a run that is not done should stop now; None while it may succeed, or may as well go on."""
    files, allowed = figures.files, spec.max_failed_files
    if files is None or allowed is None or files.failed <= allowed or figures.every_file_is_done:
        return None
    left = files.total - files.succeeded - files.skipped - files.failed
    return (
        f"{files.failed} files failed, spec.maxFailedFiles allows {allowed}: see status.failures. Stopped with {left} of the "
        f"{files.total} files found so far not done; what is written stays. To go on, raise spec.maxFailedFiles (left out, every "
        "file is tried) and set another spec.runId: it does what is not done, and tries failed files again"
    )
