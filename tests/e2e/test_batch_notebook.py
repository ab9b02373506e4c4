"""The notebook of many files, against the real operator and store: tables, plots, reasons, and nothing left behind."""

from collections.abc import Iterator

import pytest

from tests.e2e.house import Bucket, fresh_bucket
from tests.e2e.notebooks import Shown, executed
from tests.integration.kubectl import Kubectl

NOTEBOOK, RUN = "batch-processing", "batch-of-the-test"
CALLS = [
    "2026/12/02/appointment-0102.ogg",
    "2026/12/02/billing-0103.ogg",
    "2026/12/02/reservation-0104.ogg",
    "2026/12/02/support-0101.flac",
]
SOMEBODY_S = "somebody-s.wav"


@pytest.fixture(scope="module")
def place(kubectl: Kubectl) -> Iterator[Bucket]:
    """A bucket in which there is something already."""
    with fresh_bucket() as bucket:
        bucket.put(SOMEBODY_S, b"not the notebook's")
        yield bucket


@pytest.fixture(scope="module")
def shown(kubectl: Kubectl, place: Bucket) -> Iterator[Shown]:
    settings = {"NAMESPACE": kubectl.namespace, "BUCKET": place.name, "RUN": RUN, "CLEAN_UP": "yes"}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(name, value)
        yield executed(NOTEBOOK)


def test_it_runs_to_its_end_without_a_warning(shown: Shown) -> None:
    assert not shown.error
    assert not shown.warnings()
    assert "Succeeded: " in shown.text("progress")


def test_what_nobody_can_transcribe_is_listed_with_the_reason(shown: Shown) -> None:
    failed = [row[1:3] for row in shown.table("failures")]
    assert failed == [["broken-off.wav", "EmptyObject"], ["notes.mp3", "UnsupportedFormat"]]


def test_both_sides_of_every_call_are_in_the_tables(shown: Shown) -> None:
    assert "make an appointment" in shown.text("transcripts")
    talk = {(row[1], row[2]): float(row[3]) for row in shown.table("talk")}
    assert set(talk) == {(call, side) for call in CALLS for side in ("agent", "customer")}
    assert all(3 < seconds < 30 for seconds in talk.values()), talk
    assert len(shown.pictures("plots")) == 1


def test_nothing_is_left_of_it_but_what_others_put_there(shown: Shown, kubectl: Kubectl, place: Bucket) -> None:
    assert f"{RUN} is deleted" in shown.text("clean-up")
    assert kubectl.run("get", "tsj", RUN).returncode != 0
    assert place.keys() == {SOMEBODY_S}


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("S3_ENDPOINT", "http://127.0.0.1:9", "nothing answers at S3_ENDPOINT=http://127.0.0.1:9"),
        ("S3_SECRET_KEY", "not-the-key", "refuses these keys"),
        ("KUBECONFIG", "/gone", "no cluster is known here: set KUBECONFIG"),
        ("RECORDINGS", "../../docs", "holds no recordings; set RECORDINGS"),
        ("NAMESPACE", "not-there", 'the job was refused: namespaces "not-there" not found'),
    ],
)
def test_what_is_not_right_is_named_with_what_to_do(
    setting: str, value: str, said: str, kubectl: Kubectl, place: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, usual in {"NAMESPACE": kubectl.namespace, "BUCKET": place.name, setting: value}.items():
        monkeypatch.setenv(name, usual)
    assert said in executed(NOTEBOOK).error
