"""The measuring of many pods' reports: which writes are counted."""

from benchmarks.operator.shard_reports import status_writes

METRICS = """
# HELP apiserver_request_total Counter of apiserver requests broken out for each verb and code.
apiserver_request_total{code="200",group="",resource="pods",scope="resource",subresource="status",verb="PATCH"} 43
apiserver_request_total{code="200",resource="transcriptionjobs",subresource="status",verb="PATCH"} 7
apiserver_request_total{code="409",resource="transcriptionjobs",subresource="status",verb="PATCH"} 2
apiserver_request_total{code="409",resource="transcriptionjobs",subresource="status",verb="APPLY"} 1e+01
apiserver_request_total{code="200",resource="transcriptionjobs",subresource="",verb="PATCH"} 9
"""


def test_writes_of_a_jobs_status_are_counted_by_code_and_no_others() -> None:
    assert status_writes(METRICS) == {"200": 7, "409": 12}
    assert status_writes("") == {}
