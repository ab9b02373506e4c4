"""What did the run find in its source? In words, for a run that found nothing, or too little, to do."""

from transcription_api.source import Source
from transcription_api.status import FileCounts, Ignored

_WHY = {
    "folder": "folder markers",
    "suffix": "without a known audio or video suffix",
    "include": "not matched by source.include",
    "exclude": "left out by source.exclude",
    "output": "written by transcriptions",
}


def seen(ignored: Ignored) -> int:
    """How many objects were passed over."""
    return ignored.folder + ignored.suffix + ignored.include + ignored.exclude + ignored.output


def what_was_found(source: Source, files: FileCounts, ignored: Ignored | None) -> str:
    """How many objects there are in the source, and why they are no files. An older runner does not tell (`ignored` is None)."""
    place = f"{source.bucket}/{source.prefix or ''}"
    if ignored is None:
        return f"{place} holds {files.total or 'no'} matching files"
    number = files.total + seen(ignored)
    if number == 0:
        return f"there is no object below {place}"
    reasons = [f"{count} {words}" for reason, words in _WHY.items() if (count := getattr(ignored, reason))]
    passed_over = f", {seen(ignored)} of them passed over ({', '.join(reasons)})" if reasons else ""
    return f"{number} object{'s' if number > 1 else ''} seen below {place}{passed_over}"
