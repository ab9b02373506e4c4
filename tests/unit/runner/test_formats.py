"""The five formats: valid by the parsers that people use, and with the same words in each, whatever was said."""

import io
import json

import pytest
import srt as srt_parser
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runner.build import limits, segment, transcript, word
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Segment, Transcript
from transcription_runner.formats.cues import cues
from transcription_runner.formats.documents import document
from transcription_runner.formats.plain import flattened
from transcription_runner.formats.srt import write_srt
from transcription_runner.formats.tsv import write_tsv
from transcription_runner.formats.txt import write_txt
from transcription_runner.formats.vtt import write_vtt

HOSTILE = [
    "R&D <b> a --> b",
    "1\n00:00:01,000 --> 00:00:02,000\nhidden",
    "WEBVTT",
    "NOTE this is no note",
    "a\tb\r\nc\x00d\x85e\u2028f",
    "</v><c.red>&lt;&amp;",
    "👩‍👩‍👧 naïve e\u0301 ﷺ שלום",
    "日本語のテキストです。次の文。",
    "x" * 300,
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80))


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Segments with any text and words whose times may be missing, reversed or overlapping."""
    parts: list[Segment] = []
    for text in draw(st.lists(texts, max_size=5)):
        start = draw(st.floats(0, 1000))
        length = draw(st.floats(0, 30))
        words = []
        if draw(st.booleans()):
            times = st.one_of(st.none(), st.floats(0, 1000))
            words = [word(one, draw(times), draw(times)) for one in text.split()]
        speaker = draw(st.sampled_from([None, "SPEAKER_00", "A & B > C"]))
        parts.append(Segment(start=start, end=start + length, text=text, words=words, speaker=speaker))
    return transcript(*parts)


any_limits = st.builds(limits, st.integers(10, 60), st.integers(1, 3))


def letters(text: str) -> str:
    """All that is not space, which is what line breaks may change."""
    return "".join(text.split())


def spoken(given: Transcript) -> str:
    return letters(" ".join(flattened(part.text) for part in given.segments))


@given(transcripts(), any_limits)
def test_srt_parses_and_carries_every_word(given: Transcript, bounds: Subtitles) -> None:
    text = write_srt(
        given.model_copy(update={"segments": [one.model_copy(update={"speaker": None}) for one in given.segments]}), bounds
    )
    parsed = list(srt_parser.parse(text))
    assert [subtitle.index for subtitle in parsed] == list(range(1, len(parsed) + 1))
    assert letters("".join(subtitle.content for subtitle in parsed)) == spoken(given)
    assert all(subtitle.start < subtitle.end for subtitle in parsed)
    assert [subtitle.start for subtitle in parsed] == sorted(subtitle.start for subtitle in parsed)


@given(transcripts(), any_limits)
def test_vtt_parses_and_carries_every_word(given: Transcript, bounds: Subtitles) -> None:
    parsed = webvtt.from_buffer(io.StringIO(write_vtt(given, bounds)))
    unescaped = "".join(caption.text for caption in parsed).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert letters(unescaped) == spoken(given)
    starts = [caption.start_in_seconds for caption in parsed]
    assert starts == sorted(starts)


@given(transcripts(), any_limits)
def test_no_markup_or_arrow_of_a_speaker_reaches_a_vtt_cue(given: Transcript, bounds: Subtitles) -> None:
    for block in write_vtt(given, bounds).split("\n\n")[1:]:
        _times, *lines = block.strip("\n").split("\n")
        body = "\n".join(lines)
        voice = body.startswith("<v ") and body.endswith("</v>")
        inner = body[body.index(">") + 1 : -len("</v>")] if voice else body
        assert "<" not in inner
        assert ">" not in inner


@given(transcripts())
def test_every_tsv_row_has_three_cells_and_whole_milliseconds(given: Transcript) -> None:
    header, *rows = write_tsv(given).splitlines()
    assert header == "start\tend\ttext"
    cells = [row.split("\t") for row in rows]
    assert all(len(row) == 3 and int(row[0]) <= int(row[1]) for row in cells)
    assert letters("".join(row[2] for row in cells)) == spoken(given)


@given(transcripts())
def test_txt_has_one_line_for_each_segment_with_text(given: Transcript) -> None:
    lines = write_txt(given).splitlines()
    assert len(lines) == sum(bool(flattened(part.text)) for part in given.segments)


@given(transcripts())
def test_json_reads_back_as_it_was(given: Transcript) -> None:
    assert Transcript.model_validate_json(document(given, Format.JSON, limits())) == given


@given(transcripts(), any_limits)
def test_lines_stay_within_the_width_unless_one_word_is_longer(given: Transcript, bounds: Subtitles) -> None:
    for cue in cues(given, bounds):
        assert len(cue.lines) <= bounds.max_line_count
        assert all(
            len(text) <= bounds.max_line_width or len(line) == 1 for text, line in zip(cue.line_texts(), cue.lines, strict=True)
        )


@pytest.mark.parametrize("wanted", list(Format))
def test_silence_gives_a_valid_file(wanted: Format) -> None:
    text = document(transcript(), wanted, limits()).decode()
    if wanted is Format.JSON:
        assert json.loads(text)["segments"] == []
    else:
        assert text == {"tsv": "start\tend\ttext\n", "txt": "", "vtt": "WEBVTT\n", "srt": ""}[wanted]


def test_a_sentence_becomes_two_lines_of_readable_width() -> None:
    given = transcript(segment("please confirm that the order number seven four two has been sent today", 1.0, 5.0, timed=True))
    assert write_srt(given, limits(width=30, count=2)) == (
        "1\n00:00:01,000 --> 00:00:04,385\nplease confirm that the order\nnumber seven four two has been\n\n"
        "2\n00:00:04,385 --> 00:00:05,000\nsent today\n"
    )


def test_highlighting_underlines_each_word_in_turn_and_changes_no_text() -> None:
    given = transcript(segment("one two three", 0.0, 3.0, timed=True))
    shown = list(srt_parser.parse(write_srt(given, limits(highlight=True))))
    assert [subtitle.content for subtitle in shown] == ["<u>one</u> two three", "one <u>two</u> three", "one two <u>three</u>"]
    assert [subtitle.start.total_seconds() for subtitle in shown] == [0, 1, 2]


def test_speakers_are_voice_spans_in_vtt_and_prefixes_in_srt_and_txt() -> None:
    given = transcript(segment("hello", speaker="SPEAKER_01"))
    assert "<v SPEAKER_01>hello</v>" in write_vtt(given, limits())
    assert "[SPEAKER_01]: hello" in write_srt(given, limits())
    assert write_txt(given) == "[SPEAKER_01]: hello\n"


def test_a_cue_ends_where_the_speaker_changes() -> None:
    words = [word("yes", 0, 1, speaker="A"), word("no", 1, 2, speaker="B")]
    assert [cue.speaker for cue in cues(transcript(segment("yes no", 0, 2, words=words)), limits())] == ["A", "B"]


def test_word_times_are_used_where_the_words_spell_the_text() -> None:
    given = transcript(segment("one two", 0, 9, words=[word("one", 4.0, 4.5), word("two", 5.0, 6.0)]))
    assert [(cue.start_ms, cue.end_ms) for cue in cues(given, limits())] == [(4000, 6000)]


def test_words_that_do_not_spell_the_text_are_not_trusted() -> None:
    given = transcript(segment("one two three", 0, 9, words=[word("one", 4.0, 4.5)]))
    assert [cue.line_texts() for cue in cues(given, limits())] == [["one two three"]]


def test_lines_of_chinese_and_japanese_break_between_characters() -> None:
    text = "今日はとても良い天気ですから公園へ行きましょう"
    lines = [line for cue in cues(transcript(segment(text)), limits(width=10)) for line in cue.line_texts()]
    assert all(len(line) <= 10 for line in lines)
    assert "".join(lines) == text


def test_times_beyond_a_hundred_hours_keep_their_form() -> None:
    assert "100:00:00,000 -->" in write_srt(transcript(segment("late", 360_000.0, 360_001.0)), limits())
