"""An assignment: the work of one run, and the desk at which one pod does its part of it.

The engine is no part of it: one engine can serve several assignments, each with a desk of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transcription_api.ledger import Worker, recipe_hash
from transcription_api.runner_config import Recipe, ResolvedOutput, RunnerConfig
from transcription_api.source import Source
from transcription_runner.batch.claims import Claims
from transcription_runner.batch.lease import LeaseWatch
from transcription_runner.batch.ledger import Ledger
from transcription_runner.batch.packed import PackedLedger
from transcription_runner.batch.parallel import AT_ONCE
from transcription_runner.batch.put_off import PAUSES_SECONDS
from transcription_runner.batch.reporting_pace import pods_known
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.sources import SourceFile, source_files
from transcription_runner.batch.tally import Tally
from transcription_runner.limits import Limits
from transcription_runner.store.patience import PatientStore
from transcription_runner.store.port import Store

LONGEST_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Assignment:
    """What is to be transcribed, how, where the results go, and who does it."""

    source: Source
    output: ResolvedOutput
    recipe: Recipe
    recipe_hash: str
    """Of model, recipe and output: an earlier result with the same hash still holds."""
    worker: Worker
    share: float = 0.0
    """Where this pod begins in each page of the source (spread.spread)."""


@dataclass(frozen=True)
class Pace:
    """How much is done at once, and how often others are looked at. Bytes and seconds."""

    largest_bytes: int
    """Larger objects are not fetched."""
    lease_seconds: float
    poll_seconds: float
    """How often claims of others are looked at while there is nothing else to do."""
    ahead: int = AT_ONCE
    """Files that are claimed and fetched before the engine takes them. More would keep them from other pods."""
    writers: int = AT_ONCE
    """Files whose results are written at the same time."""
    fetch_seconds: float = 5.0
    """How long an object is waited for that the store does not give, before its file is put off."""
    retry_pauses: tuple[float, ...] = PAUSES_SECONDS
    """How long files are put off, time after time."""


@dataclass(frozen=True)
class Desk:
    """What all who work on an assignment in one pod share."""

    store: Store
    brief_store: Store
    """The same with little patience."""
    ledger: Ledger
    packed: PackedLedger
    """Loaded by the feeder."""
    claims: Claims
    scratch: Scratch
    tally: Tally


def assignment_of(config: RunnerConfig, worker: Worker) -> Assignment:
    """The assignment that a pod's configuration gives it."""
    shaped = recipe_hash(config.model, config.recipe, config.output)
    share = worker.shard / pods_known(config.job.parallelism, worker.shard)
    return Assignment(config.source, config.output, config.recipe, shaped, worker, share)


def pace_within(limits: Limits) -> Pace:
    """The usual pace. A lease lasts ten looks at least, so that a holder is not taken for dead between two of them."""
    poll = min(LONGEST_POLL_SECONDS, limits.lease_seconds / 10)
    return Pace(limits.fetch_bytes, limits.lease_seconds, poll)


def desk_for(assignment: Assignment, store: PatientStore, scratch: Scratch, pace: Pace, tally: Tally) -> Desk:
    """A desk over `store`."""
    output = assignment.output
    watch = LeaseWatch(pace.lease_seconds, longest_step=2 * pace.poll_seconds)
    claims = Claims(store, output.bucket, output.prefix, assignment.worker, watch)
    ledger = Ledger(store, output.bucket, output.prefix, assignment.source.bucket)
    brief = store.briefly(pace.fetch_seconds)
    packed = PackedLedger(brief, ledger, assignment.source.prefix or "", scratch)
    return Desk(store, brief, ledger, packed, claims, scratch, tally)


def files_of(assignment: Assignment, store: Store, ignore: Callable[[str], None] | None = None) -> Iterator[SourceFile]:
    """Every object of the assignment, as a stream; `ignore` hears why others below the prefix are left out."""
    return source_files(store, assignment.source, assignment.output, ignore)
