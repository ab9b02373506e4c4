"""What evaluation reads: the formats, the names by which files find each other, and what is said of a bad file."""

import json
from pathlib import Path

import pytest

from tests.unit.runner import build
from transcription_api.speech import Format
from transcription_runner.evaluation.pairs import gather, paired
from transcription_runner.evaluation.readers import (
    READERS,
    read_ctm,
    read_json,
    read_rttm,
    read_stm,
    read_table,
    read_text,
)
from transcription_runner.evaluation.sides import TRANSCRIPT_SUFFIXES, files_below, two_sides
from transcription_runner.evaluation.speech import SpeakerTurn, Speech, TimedWord
from transcription_runner.formats.documents import documents


def transcript(*segments: dict[str, object]) -> str:
    return json.dumps({"segments": segments, "language": "en"})


def test_a_transcript_gives_text_words_and_turns() -> None:
    words = [{"word": "yes,", "start": 1.0, "end": 1.4, "score": 0.9}, {"word": "no", "start": float("nan")}]
    found = read_json(transcript({"start": 1, "end": 2, "text": " yes, no", "speaker": "A", "words": words}))[""]
    assert found.text == "yes, no"
    assert found.words == (TimedWord("yes,", 1.0, 1.4), TimedWord("no", None, None))
    assert found.turns == (SpeakerTurn(1, 2, "A"),)


def test_a_segment_in_which_the_speaker_changes_is_two_turns() -> None:
    words = [
        {"word": "ready", "start": 1.0, "end": 1.5, "speaker": "A"},
        {"word": "yes", "start": 2.0, "end": 2.5, "speaker": "B"},
        {"word": "thanks", "start": 2.6, "end": 2.9},
    ]
    found = read_json(transcript({"start": 1, "end": 3, "text": "ready yes thanks", "speaker": "A", "words": words}))[""]
    assert found.turns == (SpeakerTurn(1, 1.5, "A"), SpeakerTurn(2.0, 3, "B"))


def test_a_transcript_of_silence_says_that_nobody_spoke_and_one_without_speakers_says_nothing_of_them() -> None:
    assert read_json(transcript())[""] == Speech("", (), ())
    assert read_json(transcript({"start": 0, "end": 1, "text": "yes"}))[""] == Speech("yes")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"text": "yes"}', '{"segments": [{"text": "yes"}]}'])
def test_json_that_is_no_transcript_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="is not a transcript"):
        read_json(content)


def test_speaker_labels_are_no_part_of_plain_text() -> None:
    assert read_text("[SPEAKER_00]: good morning\n[Ana]: yes [laughs]: no")[""].text == "good morning\n yes [laughs]: no"


def test_a_table_names_its_columns_or_has_two() -> None:
    assert read_table("key\tlanguage\ttext\na.wav\ten\tgood morning\n")["a.wav"].text == "good morning"
    assert read_table("a.wav\tgood morning\nb.wav\t\n")["b.wav"].text == ""


@pytest.mark.parametrize(("content", "said"), [("a.wav", "a tab and a text"), ("a\tx\na\ty", "given twice")])
def test_a_bad_table_says_which_line(content: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_table(content)


def test_rttm_gives_turns() -> None:
    line = "SPEAKER {} 1 {} 1.500 <NA> <NA> {} <NA> <NA>\n"
    text = ";; made by hand\n" + line.format("one", "0.5", "Ana") + "SPKR-INFO one 1 <NA> <NA> <NA> adult Ana <NA>\n"
    assert read_rttm(text) == {"": Speech(turns=(SpeakerTurn(0.5, 2.0, "Ana"),))}
    assert set(read_rttm(text + line.format("two", "1", "Ben"))) == {"one", "two"}
    assert read_rttm("") == {"": Speech(turns=())}


def test_ctm_gives_words_in_order_of_time() -> None:
    found = read_ctm("one 1 1.0 0.5 world 0.9\none 1 0.2 0.3 hello 0.8\n")[""]
    assert found.text == "hello world"
    assert found.words == (TimedWord("hello", 0.2, 0.5), TimedWord("world", 1.0, 1.5))


def test_stm_gives_text_and_turns_without_what_is_not_to_be_scored() -> None:
    found = read_stm(
        "one 1 Ana 0.5 2.0 <o,f0,female> Good morning\n"
        "one 1 inter_segment_gap 2.0 3.0 ignore_time_segment_in_scoring\n"
        "one 1 Ben 3.0 4.0 yes\n"
    )[""]
    assert found == Speech("Good morning yes", turns=(SpeakerTurn(0.5, 2.0, "Ana"), SpeakerTurn(3.0, 4.0, "Ben")))


@pytest.mark.parametrize(
    "content", ["SPEAKER one 1 0.5", "SPEAKER one 1 soon 1 <NA> <NA> Ana", "SPEAKER one 1 -1 1 <NA> <NA> Ana"]
)
def test_a_bad_line_is_named_by_its_number(content: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_rttm(f";; a comment\n{content}\n")


def test_names_pair_when_equal_or_without_the_audio_suffix_or_in_their_last_part() -> None:
    assert paired(["a/x.wav"], ["a/x.wav"]) == [("a/x.wav", "a/x.wav")]
    assert paired(["a/x.wav"], ["a/x"]) == [("a/x.wav", "a/x")]
    assert paired(["x.wav"], ["a/b/x"]) == [("x.wav", "a/b/x")]
    assert paired(["x.v2"], ["x"]) == []


def test_a_loose_name_is_no_pair_when_it_fits_two() -> None:
    assert paired(["a/x.wav", "b/x.wav"], ["x"]) == []
    assert paired(["x.wav", "x.mp3"], ["x.wav", "x"]) == [("x.mp3", "x"), ("x.wav", "x.wav")]


def test_a_folder_is_read_but_for_the_jobs_own_files(tmp_path: Path) -> None:
    for name in ("deep/a.wav.json", "_manifest-first.json", ".ledger/ab/abc.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(transcript())
    found, problems = gather(files_below(tmp_path, TRANSCRIPT_SUFFIXES))
    assert (list(found), problems) == (["deep/a.wav"], [])


def test_files_about_one_recording_complete_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("By hand.")
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> Ana <NA> <NA>")
    (tmp_path / "a.json").write_text(
        transcript({"start": 0, "end": 1, "text": "by machine", "speaker": "X", "words": [{"word": "by", "start": 0.0}]})
    )
    found, _ = gather(files_below(tmp_path, READERS))
    assert found == {"a": Speech("By hand.", (TimedWord("by", 0.0, None),), (SpeakerTurn(0, 1, "Ana"),))}


def test_an_unreadable_file_is_named_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "worse.json").write_text("{")
    (tmp_path / "good.txt").write_text("yes")
    found, problems = gather(files_below(tmp_path, READERS))
    assert list(found) == ["good"]
    assert [(Path(problem.file).name, problem.message[:16]) for problem in problems] == [
        ("bad.txt", "is not UTF-8 tex"),
        ("worse.json", "is not a transcr"),
    ]


@pytest.mark.parametrize(("name", "said"), [("gone", "does not exist"), ("a.docx", "known are .txt, .tsv")])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a.docx").touch()
    with pytest.raises(ValueError, match=said):
        files_below(tmp_path / name, READERS)


# One folder with transcripts and references


def write_outputs(folder: Path, name: str, text: str) -> None:
    """All that we write for one recording, by the program's own writers."""
    folder.mkdir(exist_ok=True)
    given = build.transcript(build.segment(text, 0, 2, timed=True, speaker="A"))
    for suffix, content in documents(given, list(Format), build.limits()).items():
        (folder / f"{name}.{suffix}").write_bytes(content)


def references_of(folder: Path) -> dict[str, Speech]:
    found, problems = gather(two_sides(folder, folder)[1])
    assert problems == []
    return found


def test_our_own_outputs_are_never_references(tmp_path: Path) -> None:
    write_outputs(tmp_path, "a.wav", "good mourning")
    assert references_of(tmp_path) == {}
    (tmp_path / "a.txt").write_text("good morning")
    assert references_of(tmp_path) == {"a": Speech("good morning")}


def test_the_outputs_of_whisperx_are_no_references(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(transcript({"start": 0, "end": 1, "text": " good mourning"}))
    (tmp_path / "a.txt").write_text("good mourning\n")
    (tmp_path / "a.tsv").write_text("start\tend\ttext\n0\t1000\tgood mourning\n")
    assert references_of(tmp_path) == {}


def test_a_text_that_was_corrected_where_it_stands_is_a_reference(tmp_path: Path) -> None:
    write_outputs(tmp_path, "a.wav", "good mourning")
    (tmp_path / "a.wav.txt").write_text("[A]: good morning\n")
    assert references_of(tmp_path) == {"a.wav": Speech("good morning")}


def test_turns_written_by_hand_are_not_taken_for_the_transcripts(tmp_path: Path) -> None:
    write_outputs(tmp_path, "a.wav", "good mourning")
    (tmp_path / "a.wav.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> Ana <NA> <NA>")
    transcripts, references = (gather(files)[0] for files in two_sides(tmp_path, tmp_path))
    assert transcripts["a.wav"].turns == (SpeakerTurn(0, 2, "A"),)
    assert references == {"a.wav": Speech(turns=(SpeakerTurn(0, 1, "Ana"),))}


@pytest.mark.parametrize("suffix", [".txt", ".json", ".rttm"])
def test_references_in_a_folder_below_the_transcripts_are_references_alone(tmp_path: Path, suffix: str) -> None:
    write_outputs(tmp_path, "a.wav", "good mourning")
    write_outputs(tmp_path / "by hand", "a", "good morning")
    (tmp_path / "by hand/a.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> Ana <NA> <NA>")
    for other in {".txt", ".json", ".rttm"} - {suffix}:
        (tmp_path / f"by hand/a{other}").unlink()
    transcripts, references = (gather(files)[0] for files in two_sides(tmp_path, tmp_path / "by hand"))
    assert (list(transcripts), list(references)) == (["a.wav"], ["a"])


def test_transcripts_in_a_folder_below_the_references_are_transcripts_alone(tmp_path: Path) -> None:
    write_outputs(tmp_path / "out", "a.wav", "good mourning")
    (tmp_path / "a.json").write_text(transcript({"start": 0, "end": 1, "text": "good morning"}))
    transcripts, references = (gather(files)[0] for files in two_sides(tmp_path / "out", tmp_path))
    assert (list(transcripts), list(references)) == (["a.wav"], ["a"])


def test_a_table_of_segments_that_is_named_as_reference_is_refused_and_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="not a table of key and text"):
        read_table("start\tend\ttext\n0\t1000\tgood morning\n")
