"""The checks themselves find faults: each is shown a file with one, for a check that cannot fail shows nothing."""

import pytest

from tests.unit.runner.build import limits, segment, transcript
from tests.validators import w3c
from tests.validators.checks import faults
from tests.validators.grammar import srt_faults, tsv_faults, txt_faults
from transcription_api.speech import Format
from transcription_runner.formats.documents import documents

CUE = "1\n00:00:01,000 --> 00:00:02,000\nhello\n"


def written() -> dict[Format, bytes]:
    return documents(transcript(segment("hello world", 0, 2, timed=True)), list(Format), limits())


def test_good_files_have_no_fault() -> None:
    assert faults(written(), "hello world", set()) == []


@pytest.mark.parametrize("format_", list(Format))
def test_a_word_that_is_lost_is_found_in_any_format(format_: Format) -> None:
    files = written()
    files[format_] = files[format_].replace(b" world", b"")
    assert faults(files, "hello world", set())


@pytest.mark.parametrize("format_", list(Format))
def test_a_space_that_is_lost_is_found_in_any_format(format_: Format) -> None:
    files = written()
    files[format_] = files[format_].replace(b"hello world", b"helloworld")
    assert faults(files, "hello world", set())


def test_a_json_that_is_not_of_the_published_schema_is_found() -> None:
    files = written()
    files[Format.JSON] = files[Format.JSON].replace(b'"durationSeconds"', b'"seconds"')
    assert any("durationSeconds" in fault for fault in faults(files, "hello world", set()))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (CUE.replace("1\n", "2\n", 1), "numbered '2'"),
        (CUE.replace(",000 -->", ".000 -->"), "has the times"),
        (CUE.replace("00:00:01", "0:00:01"), "has the times"),
        (CUE.replace("02,000", "01,000"), "ends when it starts"),
        (CUE + "\n" + CUE.replace("1\n", "2\n", 1), "stands over the next one"),
        (CUE + "\n" + CUE.replace("1\n", "2\n", 1).replace(":01", ":00"), "starts before the one before it"),
        (CUE.replace("hello", "he\x0bllo"), "a control character"),
        (CUE.replace("hello", "00:00:01,000 --> 00:00:02,000"), "reads as times"),
        (CUE.replace("hello\n", ""), "no text"),
        (CUE.rstrip("\n"), "not one newline"),
        (CUE + "\n", "not one newline"),
        ("\ufeff" + CUE, "a control character"),
    ],
)
def test_the_strict_srt_grammar_finds_faults(content: str, fault: str) -> None:
    assert any(fault in found for found in srt_faults(content.encode()))
    assert list(srt_faults(CUE.encode())) == []


def test_two_speakers_may_talk_at_once_and_one_may_not() -> None:
    def twice(first: str, second: str) -> list[str]:
        cue = CUE.replace("hello", first + "hello") + "\n" + CUE.replace("1\n", "2\n", 1).replace("hello", second + "hello")
        return list(srt_faults(cue.encode(), {"A", "B"}))

    assert twice("[A]: ", "[B]: ") == []
    assert twice("[A]: ", "[A]: ") == ["a cue of A stands over the next one"]


@pytest.mark.parametrize("format_", [Format.VTT, Format.SRT])
def test_a_word_that_is_lost_where_two_talk_at_once_is_found_too(format_: Format) -> None:
    given = transcript(segment("hello world", 0, 4, speaker="A"), segment("yes indeed", 1, 2, speaker="B"))
    files = documents(given, list(Format), limits())
    said = "hello world yes indeed"
    assert faults(files, said, {"A", "B"}) == []
    files[format_] = files[format_].replace(b" indeed", b"")
    assert faults(files, said, {"A", "B"})


@pytest.mark.parametrize("row", ["1\t2", "1.5\t2\ta", "2\t1\ta", "1\t2\ta\tb", "1\t2\t", "1\t2\t a"])
def test_the_tsv_grammar_finds_faults(row: str) -> None:
    assert list(tsv_faults(f"start\tend\ttext\n{row}\n".encode()))
    assert list(tsv_faults(b"start\tend\ttext\n1\t2\ta b\n")) == []


def test_an_empty_line_in_a_txt_is_found() -> None:
    assert list(txt_faults(b"a\n\nb\n"))
    assert list(txt_faults(b"a\nb\n")) == []


def test_without_nodejs_the_tests_fail_and_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match=r"node is missing: .* needs Node\.js"):
        w3c.install()
