"""Words go to who said them, and segments are cut where the speaker changes, without losing a word."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runner.build import segment, word
from transcription_api.transcript import Segment, Word
from transcription_runner.engine.voices.speakers import Turn, attribute


def spoken(*segments: Segment) -> list[tuple[str | None, str]]:
    return [(one.speaker, one.text) for one in segments]


def test_a_segment_is_cut_where_the_speaker_changes() -> None:
    said = segment("hello there good morning", 0.0, 4.0, timed=True)
    first, second = attribute([said], [Turn(0.0, 2.1, "b"), Turn(2.1, 4.0, "a")])
    assert spoken(first, second) == [("SPEAKER_00", "hello there"), ("SPEAKER_01", "good morning")]
    assert (first.start, first.end, second.start, second.end) == (0.0, 2.0, 2.0, 4.0)
    assert [(one.word, one.speaker) for one in second.words] == [("good", "SPEAKER_01"), ("morning", "SPEAKER_01")]


def test_a_word_goes_to_the_speaker_who_overlaps_it_most() -> None:
    said = segment("okay", 0.0, 1.0, timed=True)
    (only,) = attribute([said], [Turn(0.0, 0.3, "a"), Turn(0.3, 0.6, "b"), Turn(0.6, 0.7, "a"), Turn(0.8, 0.9, "b")])
    assert only.words[0].speaker == only.speaker == "SPEAKER_00"


def test_several_turns_of_one_speaker_add_up() -> None:
    said = segment("long word", 0.0, 3.0, words=[word("long", 0.0, 1.0), word("word", 1.0, 3.0)])
    turns = [Turn(0.0, 1.5, "a"), Turn(1.5, 1.9, "b"), Turn(1.9, 2.2, "a"), Turn(2.2, 3.0, "b")]
    assert [one.speaker for one in attribute([said], turns)] == ["SPEAKER_00", "SPEAKER_01"]


def test_a_word_that_nobody_overlaps_goes_to_the_nearest_turn() -> None:
    said = segment("well yes", 2.0, 5.0, words=[word("well", 2.0, 2.4), word("yes", 4.5, 4.9)])
    parts = attribute([said], [Turn(0.0, 1.5, "a"), Turn(5.2, 9.0, "b")])
    assert spoken(*parts) == [("SPEAKER_00", "well"), ("SPEAKER_01", "yes")]


def test_words_after_the_last_turn_and_before_the_first_have_a_speaker() -> None:
    parts = attribute([segment("early", 0.0, 1.0), segment("late", 8.0, 9.0)], [Turn(2.0, 3.0, "a"), Turn(4.0, 5.0, "b")])
    assert [one.speaker for one in parts] == ["SPEAKER_00", "SPEAKER_01"]


def test_a_flip_of_a_moment_inside_somebodys_speech_does_not_cut_it() -> None:
    said = segment("we can do that", 0.0, 4.0, words=[
        word("we", 0.0, 1.0), word("can", 1.0, 1.15), word("do", 1.15, 2.0), word("that", 2.0, 4.0),
    ])  # fmt: skip
    turns = [Turn(0.0, 1.0, "a"), Turn(1.0, 1.15, "b"), Turn(1.15, 4.0, "a")]
    assert spoken(*attribute([said], turns)) == [("SPEAKER_00", "we can do that")]


def test_a_flip_of_a_moment_across_segments_is_ignored_as_well() -> None:
    before, after = segment("so", 0.0, 0.5, timed=True), segment("um yes", 0.5, 1.5, words=[
        word("um", 0.5, 0.6), word("yes", 0.6, 1.5),
    ])  # fmt: skip
    parts = attribute([before, after], [Turn(0.0, 0.5, "a"), Turn(0.5, 0.6, "b"), Turn(0.6, 1.5, "a")])
    assert spoken(*parts) == [("SPEAKER_00", "so"), ("SPEAKER_00", "um yes")]


def test_a_short_answer_between_two_turns_of_another_stays_an_answer() -> None:
    said = segment("ready yes good", 0.0, 3.0, words=[word("ready", 0.0, 1.0), word("yes", 1.1, 1.4), word("good", 1.5, 3.0)])
    turns = [Turn(0.0, 1.05, "a"), Turn(1.05, 1.45, "b"), Turn(1.45, 3.0, "a")]
    assert spoken(*attribute([said], turns)) == [("SPEAKER_00", "ready"), ("SPEAKER_01", "yes"), ("SPEAKER_00", "good")]


def test_languages_without_spaces_are_cut_between_characters_and_gain_no_space() -> None:
    said = segment("你好。再见", 0.0, 2.0, words=[word(one, 0.4 * at, 0.4 * (at + 1)) for at, one in enumerate("你好。再见")])
    assert spoken(*attribute([said], [Turn(0.0, 1.2, "a"), Turn(1.2, 2.0, "b")])) == [
        ("SPEAKER_00", "你好。"),
        ("SPEAKER_01", "再见"),
    ]


def test_punctuation_between_the_words_stays_with_the_word_before() -> None:
    said = segment("ready? – yes!", 0.0, 2.0, words=[word("ready", 0.0, 1.0), word("yes", 1.0, 2.0)])
    assert [one.text for one in attribute([said], [Turn(0.0, 1.0, "a"), Turn(1.0, 2.0, "b")])] == ["ready? –", "yes!"]


def test_a_segment_without_words_takes_the_speaker_of_most_of_it() -> None:
    turns = [Turn(0.0, 1.0, "a"), Turn(1.0, 5.0, "b")]
    assert spoken(*attribute([segment("no words here", 0.5, 4.0)], turns)) == [("SPEAKER_00", "no words here")]


def test_a_word_without_times_stays_with_the_word_before_it() -> None:
    said = segment("one 2 three", 0.0, 3.0, words=[word("one", 0.0, 1.0), word("2"), word("three", 2.0, 3.0)])
    parts = attribute([said], [Turn(0.0, 1.5, "a"), Turn(1.5, 3.0, "b")])
    assert spoken(*parts) == [("SPEAKER_00", "one 2"), ("SPEAKER_01", "three")]
    assert (parts[0].words[1].start, parts[0].words[1].end) == (None, None)


def test_a_text_that_does_not_hold_its_words_is_not_cut_and_not_lost() -> None:
    said = segment("completely other", 0.0, 3.0, words=[word("one", 0.0, 1.0), word("two", 1.0, 3.0)])
    (whole,) = attribute([said], [Turn(0.0, 1.0, "a"), Turn(1.0, 3.0, "b")])
    assert (whole.text, whole.speaker) == ("completely other", "SPEAKER_01")
    assert [one.speaker for one in whole.words] == ["SPEAKER_00", "SPEAKER_01"]


def test_speakers_are_named_in_order_of_appearance_in_the_text() -> None:
    turns = [Turn(0.0, 1.0, "z"), Turn(2.0, 3.0, "m"), Turn(4.0, 5.0, "a"), Turn(6.0, 7.0, "m")]
    parts = attribute([segment("x", start, start + 1) for start in (2.0, 4.0, 6.0)], turns)
    assert [one.speaker for one in parts] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]


def test_without_turns_nothing_changes() -> None:
    said = [segment("hello there", timed=True)]
    assert attribute(said, []) == said


def test_what_else_a_segment_says_is_kept_in_its_parts() -> None:
    said = segment("hello there", 0.0, 2.0, timed=True, avg_logprob=-0.3)
    parts = attribute([said], [Turn(0.0, 1.0, "a"), Turn(1.0, 2.0, "b")])
    assert [one.avg_logprob for one in parts] == [-0.3, -0.3]


@st.composite
def transcripts(draw: st.DrawFn) -> list[Segment]:
    """Segments one after the other, their words in order, some without times, joined with or without spaces."""
    segments, clock = [], 0.0
    for _ in range(draw(st.integers(0, 4))):
        start, words = clock, []
        for text in draw(st.lists(st.text("ab.é字", min_size=1, max_size=4), max_size=6)):
            begin = clock + draw(st.floats(0, 0.5))
            clock = begin + draw(st.floats(0, 1.0))
            words.append(word(text, begin, clock) if draw(st.booleans()) else word(text))
        text = draw(st.sampled_from((" ", "  ", ""))).join(one.word for one in words) or "…"
        segments.append(Segment(start=start, end=clock, text=text, words=words))
    return segments


@st.composite
def conversations(draw: st.DrawFn) -> list[Turn]:
    turns, clock = [], 0.0
    for speaker in draw(st.lists(st.sampled_from("abc"), max_size=9)):
        start = clock + draw(st.floats(0, 1.0))
        clock = start + draw(st.floats(0.01, 2.0))
        turns.append(Turn(start, clock, speaker))
    return turns


def untimed(words: list[Word]) -> list[Word]:
    return [one.model_copy(update={"speaker": None}) for one in words]


@given(transcripts(), conversations())
def test_no_word_no_letter_and_no_time_is_lost_and_the_order_stays(segments: list[Segment], turns: list[Turn]) -> None:
    parts = attribute(segments, turns)
    assert untimed([one for part in parts for one in part.words]) == [one for part in segments for one in part.words]
    assert "".join("".join(part.text.split()) for part in parts) == "".join("".join(part.text.split()) for part in segments)
    assert [part.start for part in parts] == sorted(part.start for part in parts)
    assert all(part.start <= part.end for part in parts)


@given(transcripts(), conversations().filter(bool))
def test_every_part_has_one_speaker_and_numbers_start_at_zero(segments: list[Segment], turns: list[Turn]) -> None:
    parts = attribute(segments, turns)
    assert all(one.speaker == part.speaker for part in parts for one in part.words)
    names = list(dict.fromkeys(part.speaker for part in parts))
    assert names == [f"SPEAKER_{number:02d}" for number in range(len(names))]
