"""How far has each run been counted? A mark for each job at work, for the one figure that may fall and rise again.

What a pod had done of a file is done anew when it dies, so the sound of a run falls and comes back. Counted is what lies beyond
the most that was seen. After a restart that is what status says: at worst the sound of files in work counts twice, once.
"""

from transcription_api.status import TranscriptionJobStatus
from transcription_operator.policies.gains import Totals, totals


class Counted:
    """The most that was seen of each run that is not over."""

    def __init__(self) -> None:
        self._most: dict[str, tuple[str | None, Totals]] = {}

    def gained(self, uid: str, before: TranscriptionJobStatus, after: TranscriptionJobStatus) -> Totals:
        """What `after` has that was not counted yet; `before` is what it replaces. Another run begins at nothing."""
        run, most = self._most.get(uid, (None, Totals()))
        if run != after.job_name:
            most = Totals()
        if before.job_name == after.job_name:
            most = most.or_more(totals(before))
        now = totals(after)
        self._most[uid] = (after.job_name, most.or_more(now))
        return now.beyond(most)

    def forget(self, uid: str) -> None:
        """The job is over or gone."""
        self._most.pop(uid, None)
