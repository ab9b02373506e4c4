"""The arithmetic of the operator's benchmark: what is counted, compared, and left out of a copy."""

import asyncio
import os
from collections import Counter
from typing import Any

import pytest

from benchmarks.bars import keys
from benchmarks.operator.__main__ import PARTS
from benchmarks.operator.bars import BARS
from benchmarks.operator.bursts import Burst, names
from benchmarks.operator.create import ratio, time_per_job_ratio
from benchmarks.operator.fairness import delay
from benchmarks.operator.finished import finished_status
from benchmarks.operator.latency import above, percentile
from benchmarks.operator.many_objects import done_keys
from benchmarks.operator.objects import template, transcription_job
from benchmarks.operator.proxy import Counted, resource
from benchmarks.operator.reported import reported, status_kb
from benchmarks.operator.scale import idle_percent
from benchmarks.operator.seen import Seen
from benchmarks.operator.usage import cpu_seconds, peak_mb, resident_mb
from benchmarks.operator.writes import proxy_counts, server_counts
from transcription_api.names import LABEL_JOB_NAME, LABEL_JOB_UID
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import Phase, TranscriptionJobStatus


def _bursts(*seconds: float) -> list[Burst]:
    return [Burst(one, one / 2) for one in seconds]


def test_every_part_has_figures_and_every_figure_a_part() -> None:
    assert {bar.part for bar in BARS} == set(PARTS)
    assert all(keys(BARS, part) for part in PARTS)


def test_the_sides_are_compared_by_their_median_rounds() -> None:
    assert ratio(_bursts(30, 33, 90), _bursts(22, 10, 60)) == 1.5


def test_growth_compares_the_time_of_each_job() -> None:
    assert time_per_job_ratio(_bursts(10, 10), 500, _bursts(130), 5000) == pytest.approx(1.3)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99)) == (50.0, 99.0, 7.0)


def test_latency_is_what_the_plain_client_does_not_need() -> None:
    assert above([0.100, 0.120, 0.500], [0.020, 0.020, 0.050], 50) == pytest.approx(100)


def test_idle_cpu_includes_the_listings_at_their_usual_interval() -> None:
    percent, listing = idle_percent(0.01, 0.21, every=15, usually_every=600)
    assert (percent, listing) == pytest.approx((1.5, 3.0))
    assert idle_percent(0.02, 0.01, 15, 600) == pytest.approx((2.0, 0.0)), "noise is no negative cost"


def test_the_longest_wait_counts_against_an_ordinary_one() -> None:
    assert delay([0.1, 0.2, 9.0], [0.5, 3.2, 1.0]) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/namespaces/a/configmaps", "configmaps"),
        ("/api/v1/namespaces/a/configmaps/x", "configmaps"),
        ("/apis/batch/v1/namespaces/a/jobs/x", "jobs"),
        ("/apis/g.dev/v1alpha1/namespaces/a/transcriptionjobs/x/status", "transcriptionjobs/status"),
        ("/apis/g.dev/v1alpha1/transcriptionjobs", "transcriptionjobs"),
        ("/api/v1/namespaces/a", "namespaces"),
    ],
)
def test_a_path_says_what_is_written(path: str, name: str) -> None:
    assert resource(path) == name


def test_reads_are_no_writes() -> None:
    counted = Counted()
    for method in ("GET", "POST", "PATCH", "HEAD"):
        counted.note(method, "/apis/batch/v1/namespaces/a/jobs")
    assert counted.writes == Counter({"POST jobs": 1, "PATCH jobs": 1})


def test_the_server_s_counters_check_the_proxy_s_where_nobody_else_writes() -> None:
    def line(resource: str, subresource: str, verb: str, count: int) -> str:
        labels = f'code="200",group="g",resource="{resource}",subresource="{subresource}",verb="{verb}",version="v1"'
        return f"apiserver_request_total{{{labels}}} {count}"

    metrics = "\n".join(
        [
            line("transcriptionjobs", "status", "PATCH", 3),
            line("transcriptionjobs", "", "POST", 9),
            line("jobs", "", "POST", 2),
            line("jobs", "status", "PUT", 50),
            line("jobs", "", "GET", 70),
        ]
    )
    expected = Counter({"transcriptionjobs/status": 3, "jobs": 2})
    assert server_counts(metrics) == expected
    counted = Counter({"PATCH transcriptionjobs/status": 3, "POST jobs": 2, "POST events": 8})
    assert proxy_counts(counted) == expected


def test_the_plain_client_s_job_is_the_operator_s_under_another_name() -> None:
    owned = {"ownerReferences": [{"kind": "TranscriptionJob", "name": "a", "uid": "1", "controller": True}], "uid": "x"}
    labels = {LABEL_JOB_NAME: "a", LABEL_JOB_UID: "1"}
    pod = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
    annotations = {"transcription.whisperx.dev/runner-config": "{}"}
    job: dict[str, Any] = {
        "kind": "Job",
        "metadata": {**owned, "name": "a-0", "labels": labels, "managedFields": [{}]},
        "spec": {
            "suspend": False,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "x"}},
            "template": {
                "metadata": {"labels": {**labels, "batch.kubernetes.io/controller-uid": "x"}, "annotations": annotations},
                "spec": pod,
            },
        },
        "status": {"active": 1},
    }
    like = template({}, job, {"phase": "Pending"})
    owner = {"metadata": {"name": "b", "uid": "2"}}
    made = like.for_owner(owner)
    reference = [{"kind": "TranscriptionJob", "name": "b", "uid": "2", "controller": True}]
    own = {"name": "b-plain", "labels": {LABEL_JOB_NAME: "b", LABEL_JOB_UID: "2"}, "ownerReferences": reference}
    assert made["metadata"] == own
    assert "status" not in made
    assert made["spec"] == {
        "suspend": False,
        "template": {"metadata": {"labels": own["labels"], "annotations": annotations}, "spec": pod},
    }
    assert job["metadata"]["name"] == "a-0", "the model is left as it is"


def test_what_is_applied_and_what_is_said_to_have_ended_are_valid() -> None:
    TranscriptionJobSpec.model_validate(transcription_job("a", suspend=True)["spec"])
    assert TranscriptionJobStatus.model_validate(finished_status("a")).phase is Phase.SUCCEEDED
    assert names(2) == ["job-00000", "job-00001"]


def test_jobs_are_waited_for_and_the_last_one_s_moment_is_the_answer() -> None:
    async def scene() -> None:
        seen = Seen()
        seen.note("a")
        waiting = asyncio.create_task(seen.until({"a", "b"}, 5))
        await asyncio.sleep(0)
        seen.note("b")
        assert await waiting == seen.at["b"]
        with pytest.raises(TimeoutError, match="1 of 2 Jobs are not there"):
            await seen.until({"a", "c"}, 0.01)
        seen.fail(ConnectionError("the watch ended"))
        with pytest.raises(ConnectionError):
            await seen.until({"c"}, 5)

    asyncio.run(scene())


def test_a_process_s_figures_are_read() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert 5 < resident_mb(os.getpid()) <= peak_mb(os.getpid()) + 1


def test_a_pods_log_tells_which_files_it_did() -> None:
    lines = (
        "INFO done: in/a (1).wav (0.2 s of audio in 0.1 s, en, 3 words)",
        "WARNING failed: in/b.wav (X: y)",
        "INFO done: c (1",
    )
    log = "\n".join(f"10:00 {line}" for line in lines)
    assert done_keys(log) == ("in/a (1).wav", "c")


def test_the_status_of_many_pods_and_files_is_made_by_the_operator_from_their_reports() -> None:
    report = reported("calls-1", 1, pods=4, files=1000)
    assert report.files.wire() == {"total": 1000, "succeeded": 245, "skipped": 0, "failed": 5}
    assert sum(reported("calls-1", index, 4, 1000).files.failed for index in range(4)) == 20
    assert status_kb(1, 100) < status_kb(4, 100) < 64
