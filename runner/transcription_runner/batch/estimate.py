"""An estimate: the source is looked through, what earlier runs did is left out, and nothing is written anywhere."""

from threading import Event

from transcription_api.ledger import LedgerEntry
from transcription_runner.batch.assignment import Assignment, Desk, files_of
from transcription_runner.batch.ledger import Standing, standing
from transcription_runner.batch.manifest import ENTRIES_AT_ONCE
from transcription_runner.batch.parallel import in_order
from transcription_runner.batch.sources import SourceFile


def look_through(assignment: Assignment, desk: Desk, stop: Event) -> None:
    """Count every file of the source, and those that need not be done again; returns early on stop.

    Where no run has written before, no file's entry is asked for: a million files then cost a thousand requests.
    """
    output = assignment.output
    is_fresh = next(iter(desk.store.list(output.bucket, f"{output.prefix}.ledger/")), None) is None

    def entry_of(file: SourceFile) -> LedgerEntry | None:
        return None if is_fresh else desk.ledger.read(file.key)

    for file, entry in in_order(entry_of, files_of(assignment, desk.store, desk.tally.ignored), ENTRIES_AT_ONCE):
        if stop.is_set():
            return
        desk.tally.surveyed(file)
        if entry is not None and standing(entry, file, assignment.recipe_hash, assignment.worker) is Standing.SKIP:
            desk.tally.skipped(file, entry.audio_seconds)
    desk.tally.saw_all()
