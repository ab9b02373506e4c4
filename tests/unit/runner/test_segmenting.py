"""A chunk's words become segments of about a sentence: all text, times of the file, sentences of many scripts."""

import pytest

from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.segmenting import segments_from_words
from transcription_runner.engine.words.sentence_marks import cut_at_foreign_marks, spans_by_marks
from transcription_runner.engine.words.word_groups import WordTime


def every_half_second(text: str, language: str) -> list[WordTime]:
    return [WordTime(match.group(), place / 2, place / 2 + 0.4, 0.9) for place, match in enumerate(words_in(text, language))]


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("ja", "今日は。元気ですか？はい", ["今日は。", "元気ですか？", "はい"]),
        ("zh", "他说：“好。”我们3.5点走！", ["他说：“好。”", "我们3.5点走！"]),
        ("my", "နေကောင်းလား။ကောင်းပါတယ်။", ["နေကောင်းလား။", "ကောင်းပါတယ်။"]),
        ("th", "สวัสดีครับ ผมชื่อสมชาย", ["สวัสดีครับ", "ผมชื่อสมชาย"]),
        ("xx", "One, two. Three 3.5! Four", ["One, two.", "Three 3.5!", "Four"]),
        ("xx", " no mark ", ["no mark"]),
        ("xx", " ", []),
    ],
)
def test_sentences_end_at_the_marks_of_their_script(language: str, text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in spans_by_marks(text, language)] == sentences


def test_a_sentence_of_hindi_ends_at_its_danda_though_the_splitter_is_english() -> None:
    text = "Yes. यह है। वह था।"
    assert [text[start:end] for start, end in cut_at_foreign_marks(text, [(0, 4), (5, len(text))])] == ["Yes.", "यह है।", "वह था।"]


def test_segments_have_the_times_of_the_file_and_all_words() -> None:
    text = " 今日は。はい "
    first, second = segments_from_words(text, every_half_second(text, "ja"), "ja", (10.0, 14.0), -0.2)
    assert (first.text, first.start, first.end) == ("今日は。", 10.0, 11.9)
    assert (second.text, second.start, second.end) == ("はい", 12.0, 12.9)
    assert [word.word for word in first.words + second.words] == list("今日は。はい")
    assert [(word.score, word.estimated) for word in second.words] == [(0.9, None), (0.9, None)]
    assert first.avg_logprob == -0.2


def test_times_of_another_text_are_not_believed() -> None:
    (segment,) = segments_from_words("はい", every_half_second("いいえ", "ja"), "ja", (3.0, 5.0), None)
    assert (segment.text, segment.start, segment.end) == ("はい", 3.0, 5.0)
    assert all(word.estimated for word in segment.words)


def test_no_text_is_no_segment() -> None:
    assert segments_from_words("  ", [], "en", (0.0, 1.0), None) == []
