"""What a pod reported, by whichever way it came last: the annotation while it works, the termination message at its end.

A report counts for its numbers alone. Who reported is what the pod object says, whatever the report claims.
"""

from collections.abc import Mapping

from transcription_api.names import ANNOTATION_REPORT, MAX_PARALLELISM
from transcription_api.report import ShardReport, read_report
from transcription_api.termination import read_termination_message

LABEL_INDEX = "batch.kubernetes.io/job-completion-index"
"""Set by the Job controller, as label and as annotation."""


def completion_index(labels: Mapping[str, str], annotations: Mapping[str, str]) -> int | None:
    """The pod's index; None for a pod of no Indexed Job."""
    text = labels.get(LABEL_INDEX) or annotations.get(LABEL_INDEX) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < MAX_PARALLELISM else None


def last_report(annotations: Mapping[str, str], last_words: str | None) -> ShardReport | None:
    """The later of the pod's two reports. At the same second, the one that was said at the end."""
    annotated = read_report(annotations.get(ANNOTATION_REPORT))
    said = read_termination_message(last_words) if last_words else None
    final = said.report if said else None
    if annotated is None or final is None:
        return final or annotated
    later, earlier = (final, annotated) if final.last_update_time >= annotated.last_update_time else (annotated, final)
    # A termination message has little room: what it left out, the annotation may have.
    return later.model_copy(update={"failures": later.failures or earlier.failures, "run": later.run or earlier.run})


def attributed(report: ShardReport | None, index: int | None, job_name: str, pod_name: str) -> ShardReport | None:
    """The report as that pod's own; none without an index, which is what the figures are kept by."""
    if report is None or index is None:
        return None
    return report.model_copy(update={"index": index, "job_name": job_name, "pod_name": pod_name})
