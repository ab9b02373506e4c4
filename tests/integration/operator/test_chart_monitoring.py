"""What the chart makes for a Prometheus. The cluster has no such kinds: it is rendered, not applied."""

import subprocess
from typing import Any

import pytest

from tests.integration.operator.operators import rendered


def made(kind: str, *settings: str) -> list[Any]:
    return [one for one in rendered("dry", "home", "crds.enabled=false", *settings) if one["kind"] == kind]


def test_nothing_is_made_for_a_prometheus_unless_asked_for() -> None:
    assert made("ServiceMonitor") == made("PrometheusRule") == []


def test_operator_and_service_have_a_monitor_each_where_the_prometheus_looks() -> None:
    asked = ("serviceMonitor.enabled=true", "serviceMonitor.namespace=monitoring", "serviceMonitor.additionalLabels.release=prom")
    monitors = made("ServiceMonitor", *asked, "service.enabled=true")
    assert [one["metadata"]["name"] for one in monitors] == ["dry-transcription-operator", "dry-transcription-operator-service"]
    for one in monitors:
        assert (one["metadata"]["namespace"], one["metadata"]["labels"]["release"]) == ("monitoring", "prom")
        assert one["spec"]["namespaceSelector"] == {"matchNames": ["home"]}
    services = {one["metadata"]["name"]: one["metadata"]["labels"] for one in made("Service", "service.enabled=true")}
    for one in monitors:
        chosen = [name for name, labels in services.items() if one["spec"]["selector"]["matchLabels"].items() <= labels.items()]
        assert len(chosen) == 1, f"{one['metadata']['name']} selects {chosen}"


def test_a_monitor_without_the_service_that_it_selects_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        rendered("dry", "home", "serviceMonitor.enabled=true", "metrics.service.enabled=false")
    assert "needs metrics.service.enabled" in str(refused.value.stderr)


def test_alerts_lead_to_the_users_own_copy_of_the_runbooks() -> None:
    asked = ("prometheusRule.enabled=true", "prometheusRule.runbookUrl=https://docs.example.com/runbooks.html")
    (rule,) = made("PrometheusRule", *asked)
    urls = [one["annotations"]["runbook_url"] for group in rule["spec"]["groups"] for one in group["rules"] if "alert" in one]
    assert urls
    assert all(url.startswith("https://docs.example.com/runbooks.html#transcription") for url in urls)
