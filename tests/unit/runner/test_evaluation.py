"""Evaluation: the measures on cases whose answer is known by counting, and the identities that hold for any case."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.evaluation.normalise import timed_tokens, tokens
from transcription_runner.evaluation.recognition import TextErrors, character_errors, word_errors
from transcription_runner.evaluation.report import Measures, as_json, measure, report, total
from transcription_runner.evaluation.speech import Speech, TimedWord
from transcription_runner.evaluation.table import MOST_ROWS, table
from transcription_runner.evaluation.timing import WordTimes, word_times

some_words = st.lists(st.sampled_from(["a", "b", "c", "dd"]), max_size=12)
some_starts = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.floats(0, 3)), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("It’s the dog's  'bone'.", ["it's", "the", "dog's", "bone"]),
        ("twenty-one — 3.5%", ["twenty", "one", "3", "5"]),
        ("¿Qué tal? STRASSE straße", ["qué", "tal", "strasse", "strasse"]),
        ("cafe\u0301 ﬁne", ["café", "fine"]),
        ("天気です。OK", ["天", "気", "で", "す", "ok"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("... -- 🙂", []),
    ],
)
def test_case_and_punctuation_do_not_count_and_words_stay_whole(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_without_normalising_words_are_compared_as_they_stand() -> None:
    assert tokens("Hello, World!", normalised=False) == ["Hello,", "World!"]


@given(st.text(max_size=40))
def test_normalising_again_changes_nothing(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


def test_a_word_of_two_tokens_shares_its_time() -> None:
    assert timed_tokens((TimedWord("twenty-one!", 1.0, 1.9),)) == [("twenty", 1.0), ("one", pytest.approx(1.6))]
    assert timed_tokens((TimedWord("yes", None, None), TimedWord("—", 1, 2))) == [("yes", None)]


def test_substitutions_insertions_and_deletions_are_counted_apart() -> None:
    found = word_errors("the price is one hundred".split(), "a price is is hundred now".split())
    assert found.reference == 5
    assert found.substitutions + found.insertions + found.deletions == 3
    assert word_errors(["a", "b", "c"], ["a", "x", "c"]) == TextErrors(3, substitutions=1)
    assert word_errors(["a", "c"], ["a", "b", "c"]) == TextErrors(2, insertions=1)
    assert word_errors(["a", "b", "c"], ["a", "c"]) == TextErrors(3, deletions=1)


def test_nothing_said_and_something_heard_is_insertions_without_a_rate() -> None:
    assert word_errors([], ["thanks", "for", "watching"]) == TextErrors(0, insertions=3)
    assert word_errors([], ["thanks"]).rate is None
    assert word_errors(["yes"], []) == TextErrors(1, deletions=1)
    assert character_errors([], []) == TextErrors()


def test_spaces_do_not_count_as_characters() -> None:
    assert character_errors(["can", "not"], ["cannot"]) == TextErrors(6)
    assert character_errors(["abc"], ["abd"]).rate == pytest.approx(1 / 3)


@given(some_words, some_words)
def test_word_errors_explain_the_difference_in_length_and_vanish_only_for_equal_texts(one: list[str], two: list[str]) -> None:
    found = word_errors(one, two)
    assert found.reference + found.insertions - found.deletions == len(two)
    assert (found.substitutions + found.insertions + found.deletions == 0) == (one == two)


def test_the_rate_of_a_whole_is_not_the_mean_of_rates() -> None:
    short = measure(Speech("no"), Speech("yes"))
    long = measure(Speech(" ".join("abcdefghi")), Speech(" ".join("abcdefghi")))
    both = total([short, long]).words
    assert both is not None
    assert both.rate == pytest.approx(0.1)


def test_a_word_is_right_within_the_tolerance_and_wrong_beyond() -> None:
    found = word_times([("one", 1.0), ("two", 2.0), ("three", 3.0)], [("one", 1.05), ("two", 2.15), ("three", 3.5)])
    assert found.right == {50: 1, 100: 1, 200: 2}
    assert found.f1(200) == pytest.approx(2 / 3)
    assert found.start_error(0.5) == pytest.approx(0.15)


def test_a_tolerance_includes_its_own_end() -> None:
    assert word_times([("one", 1.0)], [("one", 1.1)]).right == {50: 0, 100: 1, 200: 1}


def test_each_word_of_the_reference_serves_once() -> None:
    found = word_times([("yes", 1.0)], [("yes", 1.0), ("yes", 1.01)])
    assert found.precision(50) == 0.5
    assert found.recall(50) == 1.0


def test_a_repeated_word_is_paired_by_its_time_though_the_texts_allow_other_pairs() -> None:
    assert word_times([("yes", 1.0), ("yes", 2.0), ("yes", 3.0)], [("yes", 3.0)]).right[50] == 1


def test_a_heard_word_without_a_time_is_wrong_and_a_reference_word_without_one_is_left_out() -> None:
    found = word_times([("one", 1.0), ("two", None)], [("one", 1.0), ("two", None)])
    assert (found.reference, found.hypothesis, found.right[50]) == (1, 2, 1)


@given(some_starts, some_starts)
def test_the_better_side_does_not_depend_on_which_is_the_reference(
    one: list[tuple[str, float]], two: list[tuple[str, float]]
) -> None:
    there, back = word_times(one, two), word_times(two, one)
    assert there.right == back.right
    assert there.right[50] <= there.right[100] <= there.right[200] <= min(len(one), len(two))
    assert word_times(one, one).f1(50) == (1.0 if one else None)


def test_what_one_side_says_nothing_of_is_not_measured() -> None:
    assert as_json(measure(Speech("yes"), Speech(words=()))) == {}
    assert set(as_json(measure(Speech("yes", words=()), Speech("yes", words=())))) == {"wer", "cer", "word_times"}


def test_the_report_is_json_with_totals_files_and_problems() -> None:
    found = json.loads(json.dumps(report({"a": measure(Speech("yes no"), Speech("yes"))}, [], normalised=True)))
    assert found["compared"] == 1
    assert found["total"] == found["files"]["a"]
    assert found["total"]["wer"] == {"rate": 1.0, "reference": 1, "substitutions": 0, "insertions": 1, "deletions": 0}


def test_the_table_has_a_row_a_file_aligned_columns_and_no_empty_ones() -> None:
    files = {"a.wav": measure(Speech("yes"), Speech("yes")), "folder/b.wav": measure(Speech("no"), Speech("yes"))}
    lines = table(files, total(files.values())).splitlines()
    assert lines[0].split() == ["file", "words", "WER", "subst.", "ins.", "del.", "CER"]
    assert lines[2].split() == ["a.wav", "1", "0.0%", "0", "0", "0", "0.0%"]
    assert lines[-1].split() == ["total", "of", "2", "2", "50.0%", "1", "0", "0", "50.0%"]
    assert len({len(line) for line in lines}) == 1


def test_of_many_files_the_worst_are_shown() -> None:
    files = {f"{number}": measure(Speech("no " * number), Speech("yes " * number)) for number in range(100)}
    lines = table(files, total(files.values())).splitlines()
    assert str(MOST_ROWS) in lines[0]
    assert lines[3].startswith("99 ")
    assert len(lines) == MOST_ROWS + 5


def test_a_total_of_nothing_is_nothing() -> None:
    assert total([Measures()]) == Measures()
    assert WordTimes().start_error(0.95) is None
