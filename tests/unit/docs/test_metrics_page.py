"""Every metric is documented, and what rules, runbooks and pages name is a metric."""

import re
from pathlib import Path
from typing import Any

import yaml

from dev.metrics_reference import PAGE, exported, operator_registry, reference, series_names, service_registry
from tests.unit.docs.said_words import ROOT
from tests.unit.docs.test_links import anchors

CHART = ROOT / "deploy" / "helm" / "transcription-operator"
NAME = re.compile(r"\btranscription_[a-z0-9_]+")
LABELS_OF_TARGETS = {"namespace", "pod", "instance", "job", "le"}
RUNBOOKS = "docs/runbooks.md"


def groups() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CHART / "files" / "rules.yaml").read_text())["groups"]
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in groups() for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def all_exported() -> dict[str, Any]:
    return exported(operator_registry()) | exported(service_registry())


def all_series() -> set[str]:
    return set().union(*(series_names(metric) for metric, _ in all_exported().values()))


def named_in(expression: str) -> set[str]:
    """The metrics that a query names; what a rule has recorded has colons in its name."""
    return {name for name in re.findall(r"[a-z_:0-9]+", expression) if NAME.fullmatch(name)}


def test_the_page_of_metrics_is_what_the_code_exports() -> None:
    assert (ROOT / PAGE).read_text("utf-8") == reference(), "run `make generate`"


def test_every_metric_has_a_meaning_and_a_unit_where_its_name_has_one() -> None:
    for name, (metric, _) in all_exported().items():
        assert metric.documentation, name
        assert name in reference()


def test_every_label_is_bounded() -> None:
    labels = {label for _, names in all_exported().values() for label in names}
    known = {"namespace", "phase", "result", "reason", "stage", "cause", "kind", "route", "code"}
    assert labels - known == {"version", "model", "compute_type", "device"}, "of a process: one value each"


def test_every_metric_of_the_rules_is_exported() -> None:
    named = set().union(*(named_in(rule["expr"]) for rule in rules()))
    assert named - all_series() == set()
    assert len(named) > 10


def test_every_label_of_the_rules_is_one_that_the_metric_has() -> None:
    by_series = {name: set(labels) for metric, labels in all_exported().values() for name in series_names(metric)}
    for rule in rules():
        for name, chosen in re.findall(r"\b(transcription_[a-z0-9_]+)\{([^}]*)\}", rule["expr"]):
            if name in by_series:
                assert set(re.findall(r"(\w+)=", chosen)) <= by_series[name] | LABELS_OF_TARGETS, rule


def test_what_a_rule_names_of_other_rules_is_recorded() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = {name for rule in rules() for name in re.findall(r"\b[a-z_]+:[a-z0-9_:]+", rule["expr"])}
    assert named <= recorded


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    expected = {rule["alert"].lower() for rule in alerts()}
    assert {rule["annotations"]["runbook_url"] for rule in alerts()} == {f"{RUNBOOKS}#{name}" for name in expected}
    assert anchors(ROOT / RUNBOOKS) - {"runbooks"} == expected


def test_every_runbook_says_what_it_means_what_it_costs_how_to_find_the_cause_and_what_to_do() -> None:
    for part in (ROOT / RUNBOOKS).read_text("utf-8").split("\n## ")[1:]:
        assert re.findall(r"^\*\*(.+?)\.\*\*", part, re.MULTILINE) == ["Meaning", "Impact", "Diagnosis", "What to do"], part[:40]


def test_every_alert_is_seen_firing_by_promtool() -> None:
    tests = yaml.safe_load((ROOT / "tests" / "rules" / "rules_test.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", [])]
    fired = {case["alertname"] for case in cases if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in alerts()}


def test_what_pages_name_is_a_metric() -> None:
    known = all_series() | set(all_exported())
    for page in pages_that_name_metrics():
        named = set(re.findall(r"`(transcription_(?:operator|service|[a-z]+)_[a-z0-9_]+)[`{\[(]", page.read_text("utf-8")))
        assert named - known - NO_METRICS == set(), page


NO_METRICS = {"transcription_api", "transcription_operator", "transcription_runner"}
"""Packages."""


def pages_that_name_metrics() -> list[Path]:
    return [ROOT / "docs" / name for name in ("operations.md", "events.md", "schedules.md", "service.md", "runbooks.md")]
