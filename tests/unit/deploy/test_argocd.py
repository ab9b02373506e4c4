"""What ArgoCD is given: a health check for every kind, said once, and tested on states that the operator really writes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.argocd.generate import CONFIG_MAP, HEALTH, generated_files, stale
from tests.argocd.states import states
from transcription_api.kinds import KINDS, CustomKind
from transcription_api.names import GROUP
from transcription_api.schedule import ScheduleConditionType
from transcription_api.status import ConditionType, Phase

ROOT = Path(__file__).parents[3]


def test_what_is_generated_is_as_its_sources_say() -> None:
    assert not stale(ROOT), "run `make generate`"


def test_a_changed_file_and_a_forgotten_one_are_found(tmp_path: Path) -> None:
    for path, text in generated_files(tmp_path).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert not stale(tmp_path)
    states_of_jobs = HEALTH / GROUP / "TranscriptionJob" / "testdata"
    (tmp_path / CONFIG_MAP).write_text("data: {}\n")
    (tmp_path / states_of_jobs / "dreamt.yaml").write_text("{}\n")
    assert stale(tmp_path) == [str(states_of_jobs / "dreamt.yaml"), str(CONFIG_MAP)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_kind_has_a_health_check_and_the_config_map_holds_it_as_it_is(kind: CustomKind) -> None:
    check = (ROOT / HEALTH / GROUP / kind.kind / "health.lua").read_text(encoding="utf-8")
    data = yaml.safe_load((ROOT / CONFIG_MAP).read_text(encoding="utf-8"))["data"]
    assert data[f"resource.customizations.health.{GROUP}_{kind.kind}"] == check


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_state_is_an_object_of_its_kind(kind: CustomKind) -> None:
    for state in states()[kind.kind].values():
        kind.model.model_validate(state)


def test_no_phase_and_no_condition_is_left_out_of_the_states() -> None:
    def true(kind: str) -> set[str]:
        found = (state.get("status", {}).get("conditions", []) for state in states()[kind].values())
        return {condition["type"] for conditions in found for condition in conditions if condition["status"] == "True"}

    assert {state.get("status", {}).get("phase") for state in states()["TranscriptionJob"].values()} == {None, *Phase}
    assert true("TranscriptionJob") == set(ConditionType)
    assert true("TranscriptionSchedule") == set(ScheduleConditionType)


def manifest(path: str) -> dict[str, Any]:
    """The one object of a file."""
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return found


APPLICATIONS = sorted(
    str(path.relative_to(ROOT))
    for path in (*(ROOT / "deploy/argocd").glob("app*.yaml"), *(ROOT / "examples/gitops/applications").glob("*.yaml"))
)


@pytest.mark.parametrize("path", APPLICATIONS)
def test_an_application_points_at_a_folder_that_is_there(path: str) -> None:
    source = manifest(path)["spec"]["source"]
    assert any((ROOT / source["path"]).glob("*.yaml"))


def test_the_example_installs_the_operator_as_the_application_of_its_own_does() -> None:
    assert manifest("examples/gitops/applications/operator.yaml")["spec"] == manifest("deploy/argocd/application.yaml")["spec"]


def wave(path: str) -> int:
    return int(manifest(path)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])


def test_the_operator_comes_before_jobs_and_a_long_job_after_all_else() -> None:
    assert wave("examples/gitops/applications/operator.yaml") < wave("examples/gitops/applications/jobs.yaml")
    jobs = [str(path.relative_to(ROOT)) for path in (ROOT / "examples/gitops/jobs").glob("*.yaml")]
    assert max(jobs, key=wave) == "examples/gitops/jobs/archive.yaml"
    assert len({wave(path) for path in jobs}) == len(jobs)


def test_the_values_of_the_application_are_values_of_the_chart() -> None:
    def unknown(given: dict[str, Any], chart: dict[str, Any]) -> list[str]:
        below = {name: value for name, value in given.items() if isinstance(value, dict)}
        deeper = [f"{name}.{one}" for name, value in below.items() for one in unknown(value, chart.get(name) or {})]
        return [name for name in given if name not in chart] + deeper

    source = manifest("deploy/argocd/application.yaml")["spec"]["source"]
    assert not unknown(source["helm"]["valuesObject"], manifest(f"{source['path']}/values.yaml"))
