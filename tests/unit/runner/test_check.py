"""What `check` makes of its measurements: faults, notes, advice, and the page."""

import re
from dataclasses import replace
from typing import Any

import pytest

from transcription_runner.check.judgement import advised_batch_size, findings, speed_plan
from transcription_runner.check.machine import driver_version
from transcription_runner.check.page import page
from transcription_runner.check.report import Finding, Gpu, Machine, ModelUse, Report, Speed, Words

GIB = 1 << 30
A100 = Gpu("NVIDIA A100-SXM4-40GB", 0, (8, 0), 40 * GIB, 39 * GIB, "535.161.08", "12.2", "12.8")
CPU = Machine("Linux 6.1", "AMD EPYC", 2, 16 * GIB, {"torch": "2.8.0"})
GOOD = Words("en", 0.12, "hello there", words=90, timed_words=90, method="ctc", speakers=2, diarization_error_rate=0.1)
WHISPER = ModelUse("recognition", "large-v2", 3 * GIB, 3 * GIB + GIB // 2, 12.5)


def on(gpu: Gpu) -> Machine:
    return replace(CPU, gpu=gpu)


def speed(batch_size: int, factor: float, **more: Any) -> Speed:
    return Speed(batch_size, 300.0, 300.0 / factor, {"recognise": 200.0 / factor}, 5 * GIB, **more)


def faults(machine: Machine = CPU, words: Words | None = GOOD) -> list[str]:
    return [finding.message for finding in findings(machine, [WHISPER], words, []) if finding.failed]


def notes(machine: Machine) -> str:
    return "\n".join(finding.message for finding in findings(machine, [WHISPER], GOOD, []) if not finding.failed)


def test_a_good_transcript_on_a_good_machine_has_no_fault() -> None:
    assert faults() == []
    assert faults(on(A100)) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (replace(GOOD, error_rate=0.36), "word error rate 36%"),
        (replace(GOOD, language="nl"), "'nl' was heard"),
        (replace(GOOD, timed_words=80), "only 80 of 90 words have times"),
    ],
)
def test_wrong_words_languages_and_times_are_faults(words: Words, said: str) -> None:
    (fault,) = faults(words=words)
    assert said in fault


def test_a_driver_before_cuda_12_is_a_fault() -> None:
    assert "driver 470.82 is older than 525" in faults(on(replace(A100, driver="470.82")))[0]
    assert faults(on(replace(A100, driver=None))) == []


def test_an_h100_is_told_of_the_driver_that_compiles_for_it() -> None:
    hopper = replace(A100, name="NVIDIA H100", compute_capability=(9, 0))
    assert "take driver 570" in notes(on(hopper))
    assert "take driver 570" not in notes(on(replace(hopper, driver="570.86.15")))
    assert "take driver 570" not in notes(on(A100))


def test_an_old_gpu_is_told_of_int8() -> None:
    assert "--compute-type int8" in notes(on(replace(A100, compute_capability=(6, 1))))


def test_a_page_never_claims_more_than_was_seen() -> None:
    assert "it says nothing of a GPU" in notes(CPU)
    assert "have not run this program on a GPU yet" in notes(on(A100))


def test_a_model_that_is_not_there_is_a_note() -> None:
    found = findings(CPU, [ModelUse("diarization", "owner/name", absent="not found")], GOOD, [])
    assert Finding("no diarization model is used: not found") in found


def test_the_smallest_batch_that_is_about_the_fastest_is_advised() -> None:
    speeds = [speed(1, 20), speed(2, 38), speed(4, 70), speed(8, 98), speed(16, 100), speed(32, 101)]
    assert advised_batch_size(speeds) == 8
    assert advised_batch_size(speeds[:3]) == 4


def test_a_batch_that_does_not_fit_is_not_advised() -> None:
    assert advised_batch_size([speed(1, 20), speed(2, 50, fitted=False)]) == 1
    assert advised_batch_size([]) is None


def test_the_measurements_fit_into_the_time_for_them() -> None:
    assert [size for size, _ in speed_plan("cuda", 0.5)] == [1, 2, 4, 8, 16, 32]
    assert [size for size, _ in speed_plan("cpu", 3.0)] == [1, 2, 4, 8]
    assert [size for size, _ in speed_plan("cpu", 20.0)] == [1]
    assert [size for size, _ in speed_plan("cpu", 500.0)] == [1]
    assert speed_plan("cuda", 0.5, only=12) == [(12, 24)]
    assert all(copies >= size for size, copies in [*speed_plan("cuda", 0.1), *speed_plan("cpu", 0.1)])


def test_the_page_says_all_of_it() -> None:
    report = Report("cuda", "float16", on(A100), [WHISPER], GOOD, [speed(1, 20), speed(8, 98, fitted=False)], 1)
    report = replace(report, findings=findings(report.machine, report.models, report.words, report.speeds))
    text = page(report)
    assert text.startswith("transcription-runner check: PASSED on cuda\n")
    for part in ("A100", "8.0", "535.161.08", "12.8", "large-v2", "3.5 GiB", "12.0%", "2 speakers", "20.0x", "--batch-size 1"):
        assert part in text
    assert re.search(r"\n  8 +does not fit ", text)
    assert max(map(len, text.splitlines())) < 160


def test_a_check_that_broke_off_has_a_page_too() -> None:
    report = Report("cuda", "float16", on(A100), findings=[Finding("RuntimeError: CUDA error", failed=True)])
    assert "FAILED: RuntimeError: CUDA error" in page(report)
    assert page(report).startswith("transcription-runner check: FAILED")
    assert report.as_json()["passed"] is False


def test_json_has_what_the_page_has() -> None:
    found = Report("cpu", "int8", CPU, [WHISPER], GOOD, [speed(1, 20)], 1).as_json()
    assert found["speeds"][0]["factor"] == 20.0
    assert found["models"][0]["disk_bytes"] == 3 * GIB
    assert found["machine"]["gpu"] is None


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 24 22:53:01 UTC 2024", "535.161.08"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build", "570.86.15"),
        ("something else", None),
    ],
)
def test_the_driver_is_read_from_the_kernel(line: str, version: str | None) -> None:
    assert driver_version(line) == version
