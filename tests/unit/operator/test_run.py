"""Names of runs: the same after any crash, another for every run, short enough for pods."""

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operator.world import a_job
from transcription_operator.run import MAX_JOB_NAME, job_name

names = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?){0,2}\Z")


@given(names, st.uuids(), st.text(max_size=63), st.text(max_size=63))
def test_the_name_is_a_dns_label_that_leaves_room_for_index_and_suffix(name: str, uid: UUID, run_id: str, previous: str) -> None:
    made = job_name(name, str(uid), run_id, previous)
    assert len(made) <= MAX_JOB_NAME <= 63 - len("-63-abcde")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", made)
    assert made == job_name(name, str(uid), run_id, previous)


def test_two_jobs_of_the_same_name_have_different_children() -> None:
    assert job_name("calls", "uid-1", "", "") != job_name("calls", "uid-2", "", "")


def test_the_name_stays_while_the_run_stays() -> None:
    job = a_job()
    before = job.job_name
    assert job.reconciled().job_name == before == job.status["jobName"]


def test_going_back_to_an_earlier_run_id_is_a_run_of_its_own() -> None:
    job = a_job().reconciled()
    seen = [job.job_name]
    for run_id in ("b", "", "b"):
        seen.append(job.asking(runId=run_id).reconciled().job_name)
    assert len(set(seen)) == 4
