"""Which profile a job gets, what a run takes of it, and what happens while it is not there."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import SETTINGS, Job, a_job, a_profile, a_running_job
from transcription_api.names import ANNOTATION_CONFIG, LABEL_DEFAULT_PROFILE
from transcription_operator.caches import Caches
from transcription_operator.plan import StartRun
from transcription_operator.profiles import NoProfile, Profile, Profiles

REFERENCE = {"profileRef": {"name": "calls-es", "kind": "TranscriptionProfile"}}


def the_config(job: Job) -> dict[str, Any]:
    """What the pods of the run are told."""
    (start,) = [action for action in job.reconcile(9).children if isinstance(action, StartRun)]
    config: dict[str, Any] = json.loads(start.job["spec"]["template"]["metadata"]["annotations"][ANNOTATION_CONFIG])
    return config


def made(job: Job) -> Job:
    """With its run recorded, and its Job to be made again."""
    job.reconciled().children.clear()
    return job


def index(*profiles: Profile) -> Profiles:
    known = Profiles()
    for profile in profiles:
        known.put(profile)
    return known


def chosen(known: Profiles, reference: dict[str, str] | None = None, namespace: str = "team") -> str:
    """Kind and name, or the reason why there is none."""
    found = known.chosen(namespace, reference)
    return found.reason if isinstance(found, NoProfile) else f"{found.kind} {found.name}" if found else ""


# --- which one -------------------------------------------------------------------------------------------------------


def test_a_job_that_names_no_profile_where_there_is_no_default_has_none() -> None:
    assert chosen(index(a_profile("one"), a_profile("two", namespace=""))) == ""


def test_a_profile_is_found_by_kind_name_and_namespace() -> None:
    known = index(
        a_profile("es"), a_profile("es", namespace="others"), a_profile("es", namespace=""), a_profile("fr", namespace="others")
    )
    assert chosen(known, {"name": "es"}) == "TranscriptionProfile es"
    assert chosen(known, {"name": "es", "kind": "ClusterTranscriptionProfile"}) == "ClusterTranscriptionProfile es"
    assert chosen(known, {"name": "fr"}) == "ProfileNotFound"
    assert chosen(known, {"name": "fr", "kind": "ClusterTranscriptionProfile"}) == "ProfileNotFound"


def test_the_namespace_s_default_goes_before_the_cluster_s_and_a_name_before_both() -> None:
    cluster, ours = a_profile("all", namespace="", default=True), a_profile("ours", default=True)
    assert chosen(index(cluster)) == "ClusterTranscriptionProfile all"
    assert chosen(index(cluster, ours)) == "TranscriptionProfile ours"
    assert chosen(index(cluster, ours), namespace="others") == "ClusterTranscriptionProfile all"
    assert chosen(index(cluster, ours, a_profile("named")), {"name": "named"}) == "TranscriptionProfile named"


def test_two_defaults_are_an_error_that_names_both_and_the_label() -> None:
    found = index(a_profile("b", default=True), a_profile("a", default=True)).chosen("team", None)
    assert isinstance(found, NoProfile)
    assert found.reason == "SeveralDefaultProfiles"
    assert "a, b" in found.message
    assert LABEL_DEFAULT_PROFILE in found.message


def test_an_older_sight_of_a_profile_never_replaces_a_newer_one() -> None:
    known = index(a_profile("es", generation=5, language="es"))
    assert not known.put(a_profile("es", generation=4, language="fr"))
    found = known.chosen("team", {"name": "es"})
    assert isinstance(found, Profile)
    assert found.spec == {"language": "es"}


def test_a_listing_without_a_profile_ends_it_unless_it_is_newer_than_the_listing() -> None:
    known = index(a_profile("old", generation=3), a_profile("new", generation=9), a_profile("all", namespace="", generation=3))
    known.keep_only(set(), "5", of_cluster=False)
    assert [chosen(known, {"name": name}) for name in ("old", "new")] == ["ProfileNotFound", "TranscriptionProfile new"]
    assert chosen(known, {"name": "all", "kind": "ClusterTranscriptionProfile"}) == "ClusterTranscriptionProfile all"
    known.keep_only(set(), "5", of_cluster=True)
    assert chosen(known, {"name": "all", "kind": "ClusterTranscriptionProfile"}) == "ProfileNotFound"


def test_the_end_of_a_profile_does_not_end_another_of_that_name() -> None:
    known = index(a_profile("es"))
    known.drop(Profile("TranscriptionProfile", "team", "es", "another-uid", "1", 1, is_default=False, spec={}))
    assert chosen(known, {"name": "es"}) == "TranscriptionProfile es"


# --- what a run takes of it ------------------------------------------------------------------------------------------


def test_a_run_works_with_what_its_profile_says_and_records_which_it_was() -> None:
    job = made(a_job().asking(decoding={"beamSize": 2}, **REFERENCE).with_profile(
        generation=7, language="es", decoding={"beamSize": 8, "hotwords": "Acme"}, parallelism=3, backoffLimit=9
    ))  # fmt: skip
    effective = job.status["effective"]
    assert effective["profile"] == {"kind": "TranscriptionProfile", "name": "calls-es", "generation": 7}
    assert (effective["recipe"]["language"], effective["parallelism"], effective["backoffLimit"]) == ("es", 3, 9)
    config = the_config(job)
    assert config["recipe"]["language"] == "es"
    assert (config["recipe"]["decoding"]["beamSize"], config["recipe"]["decoding"]["hotwords"]) == (2, "Acme")
    assert config["recipe"] == effective["recipe"]
    assert config["job"]["parallelism"] == 3


def test_a_change_of_the_profile_never_reaches_a_run_that_has_begun() -> None:
    job = made(a_job().asking(**REFERENCE).with_profile(language="es", output={"subtitles": {"maxLineCount": 1}}))
    before = the_config(job)
    job.with_profile(generation=2, language="fr", parallelism=5, output={"subtitles": {"maxLineCount": 3}})
    assert the_config(job) == before
    job.reconciled().started()
    assert job.reconcile(9).children == ()
    job.without_profile()
    assert (job.reconcile(9).children, job.reconcile(9).status) == ((), None), "nor does its end"


def test_the_next_run_takes_the_profile_as_it_is_then() -> None:
    job = a_job().asking(**REFERENCE).with_profile(language="es").reconciled().started()
    job.with_profile(generation=2, language="fr").asking(runId="2")
    made(job)
    assert the_config(job)["recipe"]["language"] == "fr"
    assert job.status["effective"]["profile"]["generation"] == 2


def test_what_may_change_while_a_run_goes_on_is_the_job_s_to_change_and_not_the_profile_s() -> None:
    job = a_job().asking(**REFERENCE).with_profile(parallelism=2, ttlSecondsAfterFinished=60).reconciled().started()
    job.with_profile(generation=2, parallelism=7)
    assert job.reconcile(9).children == ()
    job.asking(parallelism=4).reconciled(9)
    assert job.child["spec"]["parallelism"] == 4


def test_the_time_to_live_may_be_the_profile_s() -> None:
    job = a_job()
    del job.raw["spec"]["ttlSecondsAfterFinished"]
    job.with_profile(ttlSecondsAfterFinished=7).reconciled().started()
    job.with_shard(0, total=1, succeeded=1, stage="Finished").child_ended("Complete", 60).reconciled(90)
    assert job.child["spec"]["ttlSecondsAfterFinished"] == 7


def test_a_run_that_an_older_operator_began_goes_on_as_its_spec_says() -> None:
    job = a_running_job(language="es", decoding={"beamSize": 3}, parallelism=2)
    effective = job.raw["status"]["effective"]
    for name in ("recipe", "parallelism", "backoffLimit", "ttlSecondsAfterFinished"):
        del effective[name]
    del effective["output"]["subtitles"]
    job.children.clear()
    config = the_config(job.with_profile(language="fr", parallelism=9))
    assert (config["recipe"]["language"], config["recipe"]["decoding"]["beamSize"]) == ("es", 3)
    assert config["job"]["parallelism"] == 2


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "profile", "words"),
    [
        (
            {"languageDetection": {"perChunk": True}},
            {"language": "es"},
            ['language: "es" is said by TranscriptionProfile calls-es', "languageDetection.perChunk: true is said by the job"],
        ),
        (
            {"compute": {"device": "cpu"}},
            {"compute": {"gpuResource": "nvidia.com/gpu"}},
            ['"nvidia.com/gpu" is said by TranscriptionProfile calls-es', 'compute.device: "cpu" is said by the job'],
        ),
        ({"diarization": {"minSpeakers": 2}}, {}, ["diarization.minSpeakers: 2 is said by the job", "diarization.enabled"]),
        ({"vad": {"onset": 0.3}}, {"vad": {"offset": 0.4}}, ["vad.offset: 0.4 is said by TranscriptionProfile calls-es"]),
    ],
)
def test_settings_that_do_not_go_together_are_refused_and_both_speakers_named(
    job: dict[str, Any], profile: dict[str, Any], words: list[str]
) -> None:
    refused = a_job().asking(**REFERENCE, **job).with_profile(**profile).reconciled()
    assert (refused.status["phase"], refused.condition("Failed")["reason"]) == ("Failed", "InvalidSpec")
    for word in words:
        assert word in refused.status["message"]


def test_a_profile_that_this_operator_cannot_read_is_named() -> None:
    job = a_job().with_profile(surprise=True).reconciled()
    assert job.condition("Failed")["reason"] == "InvalidSpec"
    assert "TranscriptionProfile calls-es: spec.surprise" in job.status["message"]


def test_a_pair_that_the_profile_completes_is_taken() -> None:
    job = made(a_job().asking(**REFERENCE, diarization={"minSpeakers": 2}).with_profile(diarization={"enabled": True}))
    assert the_config(job)["recipe"]["diarization"] == {"enabled": True, "minSpeakers": 2, "embeddings": False}


# --- waiting for it --------------------------------------------------------------------------------------------------


def test_a_job_whose_profile_is_not_there_waits_and_says_so_once() -> None:
    job = a_job().asking(**REFERENCE).without_profile("there is no TranscriptionProfile calls-es").reconciled()
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "ProfileNotFound")
    assert "calls-es" in job.status["message"]
    assert (job.children, job.events) == ({}, [("Warning", "ProfileNotFound")])
    assert "effective" not in job.status


def test_it_begins_with_the_profile_as_it_is_when_it_comes() -> None:
    job = a_job().asking(**REFERENCE).without_profile().reconciled()
    job.with_profile(language="es").reconciled(60)
    assert job.child
    assert job.status["effective"]["recipe"]["language"] == "es"
    assert job.condition("Running")["reason"] == "PodsStarting"


def test_an_operator_that_is_killed_as_the_profile_comes_records_what_the_pods_are_told() -> None:
    job = a_job().asking(**REFERENCE).without_profile().reconciled().with_profile(language="es")
    plan = job.reconcile(60)
    made = list(plan.children)
    job.apply(plan, steps=len(plan.children))
    job.with_profile(generation=2, language="fr")
    for _ in range(4):
        plan = job.reconcile(61)
        made += plan.children
        job.apply(plan)
    (start,) = [action for action in made if isinstance(action, StartRun)]
    config = json.loads(start.job["spec"]["template"]["metadata"]["annotations"][ANNOTATION_CONFIG])
    assert config["recipe"] == job.status["effective"]["recipe"]


def test_waiting_for_a_profile_is_waiting_for_a_pod() -> None:
    job = a_job().asking(pendingDeadlineSeconds=60, **REFERENCE).without_profile("no profile").reconciled()
    assert job.reconcile(10).requeue_after == 50
    job.reconciled(61)
    assert job.condition("Failed")["reason"] == "PendingDeadlineExceeded"
    assert "no profile" in job.status["message"]


def test_an_older_run_s_job_goes_before_the_profile_of_the_next_one_is_there() -> None:
    job = a_job().asking(**REFERENCE).with_profile().reconciled().started()
    job.asking(runId="2").without_profile().reconciled(9)
    assert (job.children, job.status["phase"]) == ({}, "Pending")


def test_a_profile_has_a_say_in_jobs_that_wait_for_one_and_in_runs_that_are_yet_to_begin() -> None:
    jobs = [
        a_job("waiting").asking(**REFERENCE).without_profile().reconciled(),
        a_job("being-looked-at"),
        a_running_job("running"),
        a_running_job("to-run-again").asking(runId="2"),
    ]
    caches = Caches()
    for job in jobs:
        caches.put_resource(job.observed().resource)
    assert caches.yet_to_begin() == ("uid-of-waiting", "uid-of-being-looked-at", "uid-of-to-run-again")


def test_the_caches_give_a_job_its_profile() -> None:
    caches = Caches()
    caches.put_resource(a_job().asking(**REFERENCE).observed().resource)
    caches.profiles.put(a_profile("calls-es", language="es"))
    observed = caches.observed("uid-of-calls")
    assert observed is not None
    assert isinstance(observed.profile, Profile)
    assert observed.profile.spec == {"language": "es"}


def test_settings_of_the_operator_that_lack_an_endpoint_are_made_up_for_by_a_profile() -> None:
    storage = SETTINGS.storage.model_copy(update={"endpoint": None})
    job = a_job().with_profile(storage={"endpoint": "http://minio:9000"})
    status = job.reconciled(0, SETTINGS.model_copy(update={"storage": storage})).status
    assert status["effective"]["endpoint"] == "http://minio:9000"
