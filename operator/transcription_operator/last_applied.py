"""What the operator last gave a Job of the fields that others change too (a queue controller, a person). It stands on the Job."""

import json
from dataclasses import dataclass

from transcription_api.names import ANNOTATION_LAST_APPLIED


@dataclass(frozen=True, slots=True)
class Applied:
    """The fields that were given, and their values."""

    suspend: bool
    parallelism: int

    def annotation(self) -> dict[str, str]:
        """As it stands on the Job."""
        return {ANNOTATION_LAST_APPLIED: json.dumps({"parallelism": self.parallelism, "suspend": self.suspend})}


def read_applied(annotation: str | None, live: Applied) -> Applied:
    """What the annotation says; of a Job that has none, or one that somebody spoilt, what it is counts as given.

    Whoever may make Jobs, in whatever namespace, may have written it: anything can stand there, and nothing of it is an error.
    """
    try:
        said = json.loads(annotation or "")
        return Applied(suspend=bool(said["suspend"]), parallelism=int(said["parallelism"]))
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return live
