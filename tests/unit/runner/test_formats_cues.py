"""Cues that a reader can follow: no more than fits, long enough to be read, broken where sense breaks, one speaker at a time."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runner.build import limits, segment, transcript, word
from tests.validators.checks import faults
from tests.validators.hostile import hostile
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Segment, Transcript
from transcription_runner.formats.documents import documents
from transcription_runner.formats.subtitles.cues import Cue, cues, line_text, milliseconds, nexts
from transcription_runner.formats.subtitles.page import LONGEST, SHORTEST, page
from transcription_runner.formats.subtitles.text import columns, pieces
from transcription_runner.formats.subtitles.utterances import Token, followings

ENGLISH = (
    "Good morning, everybody. I wanted to talk about the order that we placed last week with the supplier in Madrid. "
    "It has not arrived yet, and nobody at the warehouse knows where it is."
)
SPANISH = (
    "Buenos días a todos. Quería hablar del pedido que hicimos la semana pasada al proveedor de Madrid. "
    "Todavía no ha llegado y nadie en el almacén sabe dónde está."
)


def spoken(text: str, start: float = 0.0, speed: float = 15.0, **more: object) -> Segment:
    """Said at a steady speed, characters a second."""
    return segment(text, start, start + len(text) / speed, timed=True, **more)


def shown(*parts: Segment, language: str = "en", width: int = 42) -> list[list[str]]:
    return [cue.line_texts() for cue in cues(transcript(*parts, language=language), limits(width))]


def times(*parts: Segment, language: str = "en") -> list[tuple[int, int]]:
    return [(cue.start_ms, cue.end_ms) for cue in cues(transcript(*parts, language=language), limits())]


any_case = st.builds(hostile, st.integers(0, 100_000))


# What holds for any transcript


@given(any_case)
def test_lines_stay_within_the_width_and_the_count_unless_one_word_is_longer(case: tuple[Transcript, Subtitles]) -> None:
    given, bounds = case
    for cue in cues(given, bounds):
        prefix = columns(f"[{cue.speaker}]: ") if cue.speaker else 0
        widths = [columns(line_text(line)) + (0 if index else prefix) for index, line in enumerate(cue.lines)]
        assert len(cue.lines) <= bounds.max_line_count
        assert all(width <= bounds.max_line_width or len(line) == 1 for width, line in zip(widths, cue.lines, strict=True))


@given(any_case)
def test_starts_increase_and_no_speaker_has_two_cues_at_once(case: tuple[Transcript, Subtitles]) -> None:
    found = cues(*case)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(found))
    for speaker in {cue.speaker for cue in found}:
        own = [cue for cue in found if cue.speaker == speaker]
        assert all(before.end_ms <= after.start_ms for before, after in pairwise(own))


@given(any_case)
def test_no_subtitle_stands_shorter_than_seven_tenths_of_a_second(case: tuple[Transcript, Subtitles]) -> None:
    given, bounds = case
    assert all(cue.end_ms - cue.start_ms >= 700 for cue in cues(given, bounds.model_copy(update={"highlight_words": False})))


@given(any_case)
def test_each_highlighted_word_has_its_own_time(case: tuple[Transcript, Subtitles]) -> None:
    given, bounds = case
    found = cues(given, bounds.model_copy(update={"highlight_words": True}))
    assert all(cue.start_ms < cue.end_ms for cue in found)


turn = st.tuples(st.sampled_from("AB"), st.integers(0, 30), st.integers(1, 12))
"""Who speaks, tenths of a second until they start, and words."""


@given(st.lists(turn, max_size=12), st.booleans())
def test_speakers_who_take_turns_never_share_the_screen(turns: list[tuple[str, int, int]], highlight: bool) -> None:
    parts, time = [], 0.0
    for speaker, pause, count in turns:
        parts.append(segment(" ".join(["word"] * count), time + pause / 10, time + pause / 10 + count / 8, speaker=speaker))
        time = parts[-1].end
    found = cues(transcript(*parts), limits(highlight=highlight))
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(found))


@given(st.lists(turn, max_size=8), st.lists(turn, max_size=8), st.booleans())
def test_speakers_who_talk_at_once_keep_their_words_and_times(
    one: list[tuple[str, int, int]], other: list[tuple[str, int, int]], highlight: bool
) -> None:
    parts = sorted([*_channel("A", one), *_channel("B", other)], key=lambda part: part.start)
    given = transcript(*parts)
    files = documents(given, list(Format), limits(highlight=highlight))
    assert faults(files, " ".join(part.text for part in parts), {"A", "B"}) == []
    found = cues(given, limits())
    for speaker in "AB":
        shown_words = [token.text for cue in found if cue.speaker == speaker for line in cue.lines for token in line]
        assert shown_words == [text for part in parts if part.speaker == speaker for text in part.text.split()]


def _channel(speaker: str, turns: list[tuple[str, int, int]]) -> list[Segment]:
    """One side of a call, which knows nothing of the other: words numbered, so that none can stand for another."""
    parts: list[Segment] = []
    for number, (_, pause, count) in enumerate(turns):
        start = (parts[-1].end if parts else 0) + pause / 10
        text = " ".join(f"{speaker}{number}x{index}" for index in range(count))
        parts.append(segment(text, start, start + count / 4, timed=number % 2 == 0, speaker=speaker))
    return parts


@given(any_case)
def test_no_cue_mixes_speakers(case: tuple[Transcript, Subtitles]) -> None:
    assert all(token.speaker == cue.speaker for cue in cues(*case) for line in cue.lines for token in line)


@given(any_case)
def test_no_cue_stands_longer_than_seven_seconds(case: tuple[Transcript, Subtitles]) -> None:
    assert all(cue.end_ms - cue.start_ms <= LONGEST * 1000 for cue in cues(*case))


# Where lines and cues end


def test_cues_end_with_sentences_and_lines_before_a_preposition_or_a_conjunction() -> None:
    assert shown(spoken(ENGLISH)) == [
        ["Good morning, everybody.", "I wanted to talk about the order"],
        ["that we placed last week", "with the supplier in Madrid."],
        ["It has not arrived yet, and nobody", "at the warehouse knows where it is."],
    ]


def test_spanish_lines_end_before_a_preposition_and_never_after_an_article() -> None:
    found = shown(spoken(SPANISH), language="es")
    assert found[-1] == ["Todavía no ha llegado y nadie", "en el almacén sabe dónde está."]
    assert not [line for lines in found for line in lines if line.split()[-1] in ("el", "la", "de", "que", "y")]


def test_lines_of_a_cue_are_of_about_the_same_width() -> None:
    (lines,) = shown(spoken("one two three four five six seven eight nine ten"), language="de")
    assert abs(len(lines[0]) - len(lines[1])) <= 5


def test_a_long_sentence_is_cut_before_a_conjunction_rather_than_where_the_first_cue_is_full() -> None:
    found = shown(spoken("please confirm that the order number seven four two has been sent today"), width=30)
    assert found == [["please confirm"], ["that the order number seven", "four two has been sent today"]]


def test_a_pause_starts_a_new_cue() -> None:
    words = [word("wait", 0.0, 0.5), word("now", 2.0, 2.5)]
    assert shown(segment("wait now", 0, 3, words=words)) == [["wait"], ["now"]]


def test_a_cue_ends_where_the_speaker_changes() -> None:
    words = [word("yes", 0, 1, speaker="A"), word("no", 1, 2, speaker="B")]
    assert [cue.speaker for cue in cues(transcript(segment("yes no", 0, 2, words=words)), limits())] == ["A", "B"]


def test_short_segments_of_one_speaker_share_a_cue() -> None:
    assert shown(spoken("Yes.", 0.0), spoken("No.", 0.4)) == [["Yes. No."]]


# How long cues stand


def test_a_cue_is_lengthened_into_the_silence_after_it_until_it_can_be_read() -> None:
    fast = segment("this is said much faster than anyone reads", 1.0, 1.5, timed=True)
    assert times(fast) == [(1000, 1000 + round(len(fast.text) / 20 * 1000))]


def test_a_short_word_stands_for_five_sixths_of_a_second() -> None:
    assert times(segment("Yes.", 1.0, 1.1, timed=True)) == [(1000, 1000 + round(SHORTEST * 1000))]


def test_a_lengthened_cue_leaves_two_frames_before_the_next_one() -> None:
    words = [word("wait", 0.0, 0.1, speaker="A"), word("now", 0.8, 2.5, speaker="B")]
    assert times(segment("wait now", 0, 3, words=words)) == [(0, 717), (800, 2500)]


@given(st.lists(st.sampled_from(["No.", "I", "said", "that,", "everybody", "tomorrow."]), min_size=5), st.floats(10, 60))
def test_however_fast_one_speaks_words_share_cues_and_none_has_to_wait(words: list[str], speed: float) -> None:
    for cue in cues(transcript(spoken(" ".join(words), speed=speed)), limits()):
        assert cue.start_ms == milliseconds(cue.lines[0][0].start)


def test_a_turn_with_no_time_to_be_seen_makes_the_next_one_wait() -> None:
    words = [word("yes", 0.0, 0.2, speaker="A"), word("no", 0.3, 2.5, speaker="B")]
    assert times(segment("yes no", 0, 3, words=words)) == [(0, 700), (700, 2500)]


# Speakers who talk at once


def test_talk_over_other_talk_stands_beside_it() -> None:
    long = segment("I will tell you what happened", 0, 5, timed=True, speaker="A")
    short = segment("please do", 2, 3.5, timed=True, speaker="B")
    found = cues(transcript(long, short), limits())
    assert [(cue.speaker, cue.start_ms, cue.end_ms) for cue in found] == [("A", 0, 5000), ("B", 2000, 3500)]


def test_the_other_speakers_word_does_not_cut_a_cue_short_or_in_two() -> None:
    long = segment("I will tell you what happened", 0, 5, timed=True, speaker="A")
    assert shown(long, segment("yes", 1, 1.2, speaker="B")) == [["I will tell you what happened"], ["yes"]]


def test_one_speaker_whose_segments_overlap_has_one_cue_at_a_time() -> None:
    parts = segment("first of all", 0, 3, speaker="A"), segment("then the rest", 2, 5, speaker="A")
    found = cues(transcript(*parts), limits(12, 1))
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(found))


def test_a_small_gap_is_closed_and_a_long_silence_is_not() -> None:
    near = times(segment("one two", 0, 2, timed=True, speaker="A"), segment("three", 2.4, 4, timed=True, speaker="B"))
    far = times(segment("one two", 0, 2, timed=True, speaker="A"), segment("three", 9, 11, timed=True, speaker="B"))
    assert [near[0], far[0]] == [(0, 2317), (0, 2000)]


def test_no_cue_outlasts_the_recording_to_be_read_but_it_is_seen() -> None:
    assert times(segment("a good deal of text at the very end", 59.2, 60.0, timed=True)) == [(59_200, 60_000)]
    assert times(segment("the end", 59.9, 60.0, timed=True)) == [(59_900, 60_600)]


def test_what_is_said_at_the_very_end_shares_a_cue_rather_than_outlasting_the_recording() -> None:
    said = segment("That was all for today, everybody. Thank you. Bye.", 57.6, 60.0, timed=True)
    assert times(said)[-1][1] == 60_000


def test_word_times_are_used_where_the_words_spell_the_text() -> None:
    given = segment("one two", 0, 9, words=[word("one", 4.0, 4.5), word("two", 5.0, 6.0)])
    assert times(given) == [(4000, 6000)]


def test_words_that_do_not_spell_the_text_are_not_trusted() -> None:
    assert shown(segment("one two three", 0, 3, words=[word("one", 2.0, 2.5)])) == [["one two three"]]
    assert times(segment("one two three", 0, 3, words=[word("one", 2.0, 2.5)])) == [(0, 3000)]


# Scripts that are read another way


@pytest.mark.parametrize(
    ("language", "text", "width"),
    [
        ("ja", "今日はとても良い天気ですから公園へ行きましょうと母が言いました", 26),
        ("zh", "我想谈谈上周我们向马德里供应商下的订单因为它还没有到仓库里", 32),
        ("ko", "지난주에 마드리드 공급업체에 주문한 상품에 대해 이야기하고 싶었습니다", 32),
    ],
)
def test_asian_lines_are_shorter_counted_in_columns_and_lose_nothing(language: str, text: str, width: int) -> None:
    found = [line for lines in shown(spoken(text, speed=6), language=language) for line in lines]
    assert len(found) > 1
    assert all(columns(line) <= width for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_no_line_starts_with_closing_punctuation_or_a_small_kana_and_none_ends_with_an_opening_bracket() -> None:
    text = "「ちょっと」、待ってください。（きっと）シャッターが、閉まります！「はい」"
    cut = [piece for piece, _ in pieces(text)]
    assert "".join(cut) == text
    assert not [piece for piece in cut if piece[0] in "」、。）！ょっャッー" or piece[-1] in "「（"]


def test_words_that_are_single_characters_are_not_torn_from_what_they_belong_to() -> None:
    text = "今日はちょっとシャッターが開きません。「はい」と言いました。"
    words = [word(character, index / 6, (index + 1) / 6) for index, character in enumerate(text)]
    found = [line for lines in shown(segment(text, 0, 5, words=words), language="ja", width=10) for line in lines]
    assert "".join(found) == text
    assert not [line for line in found if line[0] in "」、。ょっャッー" or line[-1] in "「"]


def test_no_line_breaks_inside_a_word_that_the_aligner_cut_in_two() -> None:
    words = [word("unbeliev", 0, 1), word("able", 1, 2), word("story", 2, 3)]
    assert shown(segment("unbelievable story", 0, 3, words=words), width=10) == [["unbelievable", "story"]]


def test_a_segment_is_set_by_the_limits_of_its_own_language() -> None:
    japanese = segment("今日はとても良い天気ですから公園へ行きましょうと母が言いました", 5, 10, language="ja")
    english = segment("and this is a line of English, as wide as it may be", 0, 4, language="en")
    found = shown(english, japanese, language="en")
    widths = [[columns(line) for line in lines] for lines in found]
    assert any(width > 26 for lines in widths[:1] for width in lines)
    assert all(width <= 26 for lines in widths[1:] for width in lines)


def test_a_segments_own_language_counts_before_the_files() -> None:
    assert page(segment("東京特許許可局", language="ja"), transcript(language="zh"), limits(42)).width == 26
    assert page(segment("東京特許許可局"), transcript(language="zh"), limits(42)).width == 32


@pytest.mark.parametrize(
    ("text", "language", "limit"),
    [
        ("지난주에 마드리드 공급업체에 주문한 상품에 대해 이야기하고 싶었습니다", "en", 32),
        ("我想谈谈上周我们向马德里供应商下的订单因为它还没有到仓库里", "es", 32),
        ("今日はとても良い天気ですから公園へ行きましょうと母が言いました", "en", 26),
        ("Windows Update and Microsoft Office を今日はとても良い天気", "ja", 26),
        ("this is what she said in English to all of us on a hot day", "ja", 42),
        ("the sign reads 東京 and nothing else at all in any language", "en", 42),
    ],
)
def test_text_in_a_script_that_is_not_the_languages_is_set_as_what_it_is(text: str, language: str, limit: int) -> None:
    assert page(segment(text), transcript(language=language), limits(42)).width == limit


def test_japanese_is_read_more_slowly_than_english() -> None:
    ((_, end),) = times(segment("今日は良い天気です", 0, 0.5), language="ja")
    assert end == 9 * 1000 // 4


def test_emoji_and_marks_stay_with_their_character() -> None:
    family, accented = "👩‍👩‍👧", "e\u0301"
    assert [text for text, _ in pieces(f"日{accented}{family}本")] == ["日", f"{accented}{family}", "本"]
    assert columns(accented) == 1


def test_highlighting_keeps_the_lines_and_moves_through_the_words() -> None:
    given = transcript(segment("one two three", 0.0, 3.0, timed=True))
    found: list[Cue] = cues(given, limits(highlight=True))
    assert [(cue.highlighted, cue.line_texts()) for cue in found] == [
        (0, ["one two three"]),
        (1, ["one two three"]),
        (2, ["one two three"]),
    ]


# What a stranger's transcript costs


def following(said: list[list[Token]], index: int, end: float) -> float:
    """As it is defined: looked for among all that come later."""
    last = said[index][-1]
    later = (said[other][0] for other in range(index + 1, len(said)))
    return next((first.start for first in later if first.speaker == last.speaker or first.start >= last.end), max(end, last.end))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.sampled_from("ABC")), max_size=8))
def test_what_follows_is_found_as_if_all_were_looked_at(spans: list[tuple[int, int, str]]) -> None:
    said = [[Token("x", float(start), float(start + length), speaker, True, 1)] for start, length, speaker in spans]
    assert followings(said, 5.0) == [following(said, index, 5.0) for index in range(len(said))]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.sampled_from("ABC")), max_size=8))
def test_the_next_cue_is_found_as_if_all_were_looked_at(spans: list[tuple[int, int, str]]) -> None:
    given = [Cue(start, start + length, (), speaker) for start, length, speaker in sorted(spans)]
    assert nexts(given) == [
        next(
            (
                later
                for later in range(index + 1, len(given))
                if given[later].speaker == cue.speaker or given[later].start_ms >= cue.end_ms
            ),
            None,
        )
        for index, cue in enumerate(given)
    ]


def test_as_many_speakers_as_segments_who_never_stop_cost_no_minute() -> None:
    parts = [segment(f"word{index}", float(index), 1e6, speaker=f"S{index}") for index in range(20_000)]
    began = time.process_time()
    assert len(cues(transcript(*parts), limits())) == 20_000
    assert time.process_time() - began < 30
