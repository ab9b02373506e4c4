"""The five formats: valid by the parsers that people use, and with the same words in each, whatever was said."""

import json
import re
import time
from itertools import pairwise

import pytest
import srt as srt_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.runner.build import limits, segment, transcript, word
from tests.validators.checks import faults
from tests.validators.hostile import LANGUAGES, SPEAKERS, TEXTS
from tests.validators.reading import word_list
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Segment, Transcript
from transcription_runner.formats.documents import documents, karaoke
from transcription_runner.formats.subtitles.text import flattened

any_character = st.characters(codec=None) | st.sampled_from("\x00\t\r\n\u2028\ufeff\u2060<>&{}\\-:0123456789")
texts = st.sampled_from(TEXTS) | st.text(any_character, max_size=60)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Segments with any text and words whose times may be missing, reversed or overlapping."""
    parts: list[Segment] = []
    for text in draw(st.lists(texts, max_size=5)):
        start = draw(st.floats(0, 500_000))
        length = draw(st.floats(0, 30))
        words = []
        if draw(st.booleans()):
            times = st.none() | st.floats(-1, 500_000)
            words = [word(one, draw(times), draw(times)) for one in text.split()]
        parts.append(segment(text, start, start + length, words=words, speaker=draw(st.sampled_from(SPEAKERS))))
    return transcript(*parts, language=draw(st.sampled_from(LANGUAGES)))


any_limits = st.builds(limits, st.integers(10, 60), st.integers(1, 3), st.booleans())
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def said(of: Transcript) -> str:
    return " ".join(part.text for part in of.segments)


def text_of(of: Transcript, wanted: Format, bounds: Subtitles | None = None) -> str:
    return documents(of, [wanted], bounds or limits())[wanted].decode()


@some
@given(transcripts(), any_limits)
def test_every_reader_finds_the_same_words_and_no_fault_in_all_five(given: Transcript, bounds: Subtitles) -> None:
    names = {flattened(part.speaker) for part in given.segments if part.speaker}
    labelled = any(f"[{name}]: " in flattened(said(given)) for name in names)
    assert labelled or faults(documents(given, list(Format), bounds), said(given), names) == []


@given(transcripts(), any_limits)
def test_no_markup_or_arrow_of_a_speaker_reaches_a_vtt_cue(given: Transcript, bounds: Subtitles) -> None:
    for block in text_of(given, Format.VTT, bounds).split("\n\n")[1:]:
        _times, *lines = block.strip("\n").split("\n")
        body = "\n".join(lines)
        voice = body.startswith("<v ") and body.endswith("</v>")
        inner = body[body.index(">") + 1 : -len("</v>")] if voice else body
        inner = inner.replace("<u>", "").replace("</u>", "") if bounds.highlight_words else inner
        assert "<" not in inner
        assert ">" not in inner


@given(transcripts())
def test_txt_has_one_line_for_each_segment_with_text(given: Transcript) -> None:
    lines = text_of(given, Format.TXT).splitlines()
    assert len(lines) == sum(bool(word_list(part.text)) for part in given.segments)


@given(transcripts())
def test_json_reads_back_as_it_was_but_for_what_no_line_can_hold(given: Transcript) -> None:
    back = Transcript.model_validate_json(text_of(given, Format.JSON))
    assert [part.text for part in back.segments] == [flattened(part.text) for part in given.segments]
    assert [part.words for part in back.segments] == [
        [one.model_copy(update={"word": flattened(one.word)}) for one in part.words] for part in given.segments
    ]
    assert back.transcription == given.transcription


def test_json_leaves_the_transcript_itself_alone() -> None:
    given = transcript(segment("a\nb"))
    documents(given, [Format.JSON], limits())
    assert given.segments[0].text == "a\nb"


@pytest.mark.parametrize("wanted", list(Format))
def test_silence_gives_a_valid_file(wanted: Format) -> None:
    text = text_of(transcript(), wanted)
    if wanted is Format.JSON:
        assert json.loads(text)["segments"] == []
    else:
        assert text == {"tsv": "start\tend\ttext\n", "txt": "", "vtt": "WEBVTT\n", "srt": ""}[wanted]


@pytest.mark.parametrize("wanted", [Format.SRT, Format.VTT])
def test_a_segment_without_words_appears_with_its_own_times(wanted: Format) -> None:
    text = text_of(transcript(segment("not aligned", 2.0, 4.0, words=[])), wanted).replace(",", ".")
    assert "00:00:02.000 --> 00:00:04.000\nnot aligned\n" in text


@pytest.mark.parametrize("wanted", [Format.SRT, Format.VTT])
def test_highlighting_underlines_each_word_in_turn_and_changes_no_text(wanted: Format) -> None:
    given = transcript(segment("one two three", 0.0, 3.0, timed=True))
    shown = text_of(given, wanted, limits(highlight=True))
    lines = [line for line in shown.splitlines() if "<u>" in line]
    assert lines == ["<u>one</u> two three", "one <u>two</u> three", "one two <u>three</u>"]


def test_highlighted_cues_start_with_their_words() -> None:
    given = transcript(segment("one two three", 0.0, 3.0, timed=True))
    shown = srt_parser.parse(text_of(given, Format.SRT, limits(highlight=True)))
    assert [subtitle.start.total_seconds() for subtitle in shown] == [0, 1, 2]


def test_speakers_are_voice_spans_in_vtt_and_prefixes_in_srt_and_txt() -> None:
    given = transcript(segment("hello", speaker="SPEAKER_01"))
    assert "<v SPEAKER_01>hello</v>" in text_of(given, Format.VTT)
    assert "[SPEAKER_01]: hello" in text_of(given, Format.SRT)
    assert text_of(given, Format.TXT) == "[SPEAKER_01]: hello\n"


def test_a_speaker_is_named_and_words_are_highlighted_in_one_cue() -> None:
    given = transcript(segment("hello", speaker="A > B"))
    assert "<v A &gt; B><u>hello</u></v>" in text_of(given, Format.VTT, limits(highlight=True))
    assert "[A > B]: <u>hello</u>" in text_of(given, Format.SRT, limits(highlight=True))


@pytest.mark.parametrize("opening", ["<", "{"])
def test_text_that_looks_like_markup_is_shown_by_srt_players_and_not_obeyed(opening: str) -> None:
    assert f"a {opening}\u2060b c" in text_of(transcript(segment(f"a {opening}b c")), Format.SRT)


def test_ordinary_text_carries_no_invisible_character() -> None:
    given = transcript(segment("42", 0, 1), segment("at 10:30, 7 of 9; it's 50% & more", 2, 4))
    assert "\u2060" not in text_of(given, Format.SRT)


def test_times_beyond_a_hundred_hours_keep_their_form() -> None:
    given = transcript(segment("late", 360_000.0, 360_001.0))
    assert "100:00:00,000 -->" in text_of(given, Format.SRT)
    assert "100:00:00.000 -->" in text_of(given, Format.VTT)


def test_ten_times_the_words_take_about_ten_times_as_long_to_write() -> None:
    def seconds(sentences: int) -> float:
        text = "please confirm that the order number seven is sent today,"
        given = transcript(*(segment(text, 3.6 * number, 3.6 * number + 3.4, timed=True) for number in range(sentences)))
        before = time.process_time()
        documents(given, list(Format), limits())
        return time.process_time() - before

    assert seconds(1000) < 30 * min(seconds(100) for _ in range(3))  # were anything quadratic, it would be 100


@given(transcripts())
def test_karaoke_says_the_same_and_its_words_light_up_one_after_the_other_within_their_cue(given: Transcript) -> None:
    plain, timed = (text.split("\n\n") for text in (text_of(given, Format.VTT), karaoke(given, limits()).decode()))
    assert [re.sub(r"<\d[^>]*>|</?c>", "", block) for block in timed] == plain
    for block in timed[1:]:
        start, end = re.findall(r"(\S+) --> (\S+)", block)[0]
        times = [moment(one) for one in (start, *re.findall(r"<(\d[^>]*)>", block), end)]
        assert all(one < other for one, other in pairwise(times))


def test_karaoke_has_each_word_at_its_time() -> None:
    given = transcript(segment("one <two> three", 0.0, 3.0, timed=True, speaker="A"))
    words = "<v A><c>one</c> <00:00:01.000><c>&lt;two&gt;</c> <00:00:02.000><c>three</c></v>"
    assert karaoke(given, limits()).decode() == f"WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n{words}\n"


def moment(text: str) -> list[float]:
    return [float(part) for part in text.split(":")]
