"""Memory: the newest version wins whatever stream it came by, and a settled job leaves next to nothing."""

from dataclasses import replace

from tests.unit.operator.world import a_running_job
from transcription_operator.caches import Caches

OBSERVED = a_running_job().observed()
RESOURCE, JOB, POD = OBSERVED.resource, OBSERVED.jobs[0], OBSERVED.pods[0]
UID = RESOURCE.uid


def filled() -> Caches:
    caches = Caches()
    caches.put_resource(replace(RESOURCE, resource_version="9"))
    caches.put_job(replace(JOB, resource_version="9"))
    caches.put_pod(replace(POD, resource_version="9"))
    return caches


def test_an_older_version_never_replaces_a_newer_one() -> None:
    caches = filled()
    assert caches.put_resource(replace(RESOURCE, resource_version="8")) is False
    assert caches.put_resource(replace(RESOURCE, resource_version="10")) is True, "versions are numbers, not text"
    caches.put_job(replace(JOB, resource_version="8", suspended=True))
    observed = caches.observed(UID)
    assert observed is not None
    assert observed.resource.resource_version == "10"
    assert observed.jobs[0].suspended is False


def test_a_settled_job_keeps_its_child_job_for_its_time_to_live_and_no_pods() -> None:
    caches = filled()
    caches.settle(UID)
    assert caches.observed(UID) is None
    assert caches.put_resource(replace(RESOURCE, resource_version="9")) is False
    caches.put_pod(replace(POD, resource_version="12"))
    assert caches.put_resource(replace(RESOURCE, resource_version="12")) is True
    observed = caches.observed(UID)
    assert observed is not None
    assert (len(observed.jobs), len(observed.pods)) == (1, 0)


def test_a_listing_removes_what_it_does_not_show_but_nothing_newer() -> None:
    caches = filled()
    assert caches.gone(set(), "8") == []
    assert caches.gone({UID}, "20") == []
    assert caches.gone(set(), "20") == [UID]
    caches.pods.keep_only(set(), "8")
    assert len(caches.pods.of(JOB.uid)) == 1
    caches.pods.keep_only(set(), "20")
    assert caches.pods.of(JOB.uid) == ()
    caches.forget(UID)
    assert caches.unsettled() == ()
    assert caches.jobs.of(UID) == ()


def test_what_a_pod_reported_last_is_kept_until_status_has_it() -> None:
    caches = filled()
    reporting = a_running_job().with_shard(succeeded=3).observed().pods[0]
    caches.drop_pod(reporting)
    observed = caches.observed(UID)
    assert observed is not None
    assert (observed.departed, observed.pods) == ((reporting,), ())
    caches.recorded(observed)
    after = caches.observed(UID)
    assert after is not None
    assert after.departed == ()


def test_a_version_that_is_known_already_is_no_news() -> None:
    caches = Caches()
    assert [caches.put_job(JOB), caches.put_job(JOB), caches.put_job(replace(JOB, resource_version="2"))] == [True, False, True]
