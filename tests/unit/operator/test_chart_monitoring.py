"""What the chart tells a Prometheus fits what operator and service export."""

import re

import yaml

from tests.unit.operator.test_chart import CHART, TEMPLATES

MONITOR = (TEMPLATES / "service-monitor.yaml").read_text()


def test_monitors_name_the_ports_that_the_services_have() -> None:
    operator, service = re.findall(r"- port: (\w+)", MONITOR)
    assert f"- name: {operator}\n" in (TEMPLATES / "service.yaml").read_text()
    assert f"{{name: {service}, port: 80" in (TEMPLATES / "transcription-service.yaml").read_text()


def test_the_namespace_of_the_operators_metrics_stays_that_of_the_jobs() -> None:
    assert MONITOR.count("honorLabels: true") == 1


def test_every_runbook_is_found_where_a_user_says_that_they_lie() -> None:
    (replaced,) = re.findall(r'replace "([^"]+)"', (TEMPLATES / "prometheus-rule.yaml").read_text())
    rules = (CHART / "files" / "rules.yaml").read_text()
    alerts = [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"] if "alert" in rule]
    assert rules.count(replaced) == len(alerts)
