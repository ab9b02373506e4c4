"""What ArgoCD is given: a health check for every kind, said once, and tested on states that the operator really writes."""

from pathlib import Path

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
