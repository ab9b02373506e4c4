"""Is there no object store where the run looks for it? Then no further pod need hold a GPU to find that out.

A pod that never reached its store gives up after a minute. One try is too few to end a run by: a store that is applied together
with the job may come up a little later, and a pod that replaces another in the middle of an outage has not reached it, either,
while its neighbours wait patiently. So no exit code ends the Job at once (a podFailurePolicy cannot tell those cases apart), and
`backoffLimit` tries, each with a GPU, are too many. A run ends when more pods than it has shards have reported so, which takes
a second try of one of them at least, after the Job controller's pause, and nothing of the source has ever been seen.
"""

from collections.abc import Iterable

from transcription_api.names import STORAGE_UNREACHABLE
from transcription_operator.observed import ChildPod
from transcription_operator.policies.failure import Cause, cause_of
from transcription_operator.policies.figures import Figures


def unreachable(pods: Iterable[ChildPod], figures: Figures, parallelism: int) -> Cause | None:
    """Why the run should be given up; None while it is worth trying."""
    if figures.files and figures.files.total:
        return None
    causes = [cause_of(pod) for pod in pods if pod.phase == "Failed"]
    never_reached = [cause for cause in causes if cause.reason == STORAGE_UNREACHABLE]
    return never_reached[-1] if len(never_reached) > parallelism else None
