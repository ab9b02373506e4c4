"""Claims: one pod wins, a dead pod's files are taken over by one other, a living pod's never, and nothing is left behind."""

from pathlib import Path

import pytest

from tests.unit.runner.stores import FlakyStore, folder_store
from transcription_api.ledger import Worker
from transcription_runner.batch.claims import Claim, Claims
from transcription_runner.batch.lease import LeaseWatch
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.patience import PatientStore

LEASE = 60.0


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return folder_store(tmp_path)


def pod(store: FolderStore, clock: Clock, shard: int, name: str | None = None, job: str = "calls-1") -> Claims:
    worker = Worker(job_name=job, shard=shard, pod_name=name or f"{job}-{shard}")
    return Claims(store, "calls", "out/", worker, LeaseWatch(LEASE, longest_step=10.0), clock)


def claim_objects(store: FolderStore) -> list[str]:
    return [found.key for found in store.list("calls", "out/.ledger/claims/")]


def wait_and_try(claims: Claims, clock: Clock, seconds: float) -> Claim | None:
    """Look every five seconds, as a pod does that waits."""
    claim = claims.acquire("file")
    for _ in range(int(seconds / 5)):
        if claim is not None:
            return claim
        clock.now += 5
        claim = claims.acquire("file")
    return claim


def test_only_one_of_two_pods_gets_a_file(store: FolderStore, clock: Clock) -> None:
    first, second = pod(store, clock, 0), pod(store, clock, 1)
    claim = first.acquire("file")
    assert claim is not None
    assert first.holds(claim)
    assert second.acquire("file") is None


def test_a_released_file_can_be_claimed_again_and_leaves_nothing(store: FolderStore, clock: Clock) -> None:
    first, second = pod(store, clock, 0), pod(store, clock, 1)
    claim = first.acquire("file")
    assert claim is not None
    first.release(claim)
    assert claim_objects(store) == []
    assert second.acquire("file") == Claim("file", 0)


def test_a_claim_that_is_not_renewed_is_taken_over_after_a_lease(store: FolderStore, clock: Clock) -> None:
    dead, living = pod(store, clock, 0), pod(store, clock, 1)
    lost = dead.acquire("file")
    assert lost is not None
    assert wait_and_try(living, clock, LEASE - 5) is None
    taken = wait_and_try(living, clock, 10)
    assert taken == Claim("file", 1)
    assert not dead.holds(lost)
    dead.release(lost)
    assert living.holds(taken)
    living.release(taken)
    assert claim_objects(store) == []


def test_a_renewed_claim_is_never_taken_over(store: FolderStore, clock: Clock) -> None:
    holder, other = pod(store, clock, 0), pod(store, clock, 1)
    claim = holder.acquire("file")
    assert claim is not None
    for _ in range(60):
        clock.now += 5
        holder.renew(store)
        assert other.acquire("file") is None
    assert holder.holds(claim)


def test_of_two_pods_that_see_a_claim_expire_one_takes_it_over(store: FolderStore, clock: Clock) -> None:
    dead, second, third = (pod(store, clock, shard) for shard in range(3))
    dead.acquire("file")
    second.acquire("file")
    third.acquire("file")
    for _ in range(int(LEASE / 5)):
        clock.now += 5
        taken = [claims.acquire("file") for claims in (second, third)]
    assert taken == [Claim("file", 1), None]


def test_a_pod_that_comes_back_to_life_notices_its_loss_and_does_not_renew(store: FolderStore, clock: Clock) -> None:
    frozen, other = pod(store, clock, 0), pod(store, clock, 1)
    claim = frozen.acquire("file")
    assert claim is not None
    taken = wait_and_try(other, clock, 2 * LEASE)
    assert taken is not None
    frozen.renew(store)
    assert not frozen.holds(claim)
    other.release(taken)
    frozen.renew(store)
    assert claim_objects(store) == []


def test_a_restarted_pod_gets_its_own_claim_at_once_and_locks_its_predecessor_out(store: FolderStore, clock: Clock) -> None:
    before, after = pod(store, clock, 0, "calls-1-0-aaaaa"), pod(store, clock, 0, "calls-1-0-bbbbb")
    lost = before.acquire("file")
    assert lost is not None
    assert after.acquire("file") == Claim("file", 1)
    assert not before.holds(lost)


def test_the_same_index_of_another_job_is_somebody_else(store: FolderStore, clock: Clock) -> None:
    pod(store, clock, 0, job="calls-1").acquire("file")
    assert pod(store, clock, 0, job="other-1").acquire("file") is None


def test_an_outage_of_the_store_expires_no_claim(store: FolderStore, clock: Clock) -> None:
    holder, other = pod(store, clock, 0), pod(store, clock, 1)
    holder.acquire("file")
    assert other.acquire("file") is None
    clock.now += 10 * LEASE  # nobody could renew, and nobody could look
    assert other.acquire("file") is None
    assert wait_and_try(other, clock, LEASE / 2) is None


def test_a_claim_whose_confirmation_was_lost_is_known_as_ones_own(tmp_path: Path, clock: Clock) -> None:
    folder_store(tmp_path)
    flaky = FlakyStore(tmp_path, fails=lambda call: call == 1, late=True)
    patient = PatientStore(flaky, 60, lambda _: None, sleep=lambda _: None)
    claims = Claims(patient, "calls", "out/", Worker(job_name="calls-1", shard=0, pod_name="p"), LeaseWatch(LEASE, 10.0), clock)
    claim = claims.acquire("file")
    assert claim == Claim("file", 0)
    assert claims.holds(claim)


def test_a_stopping_pod_gives_everything_back(store: FolderStore, clock: Clock) -> None:
    claims = pod(store, clock, 0)
    assert claims.acquire("one")
    assert claims.acquire("two")
    claims.release_all()
    assert claim_objects(store) == []


def test_what_dead_pods_of_the_run_left_is_cleared_away_and_other_jobs_claims_stay(store: FolderStore, clock: Clock) -> None:
    pod(store, clock, 3).acquire("mine")
    pod(store, clock, 0, job="other-1").acquire("theirs")
    pod(store, clock, 0).clear_away()
    assert [key.rpartition("/")[2] for key in claim_objects(store)] == ["theirs-0000.claim"]
