"""What two looks in a row say alike is certain, and stays."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.serve.live.agreement import Agreement, LiveWord, continuation


def words(text: str, start: float = 0.0) -> list[LiveWord]:
    """Half a second each."""
    return [LiveWord(one, start + index / 2, start + (index + 1) / 2) for index, one in enumerate(text.split())]


def heard(*looks: str) -> tuple[list[str], str]:
    """What each look makes certain, and what stands uncertain after the last."""
    agreement = Agreement()
    certain = [" ".join(one.text for one in agreement.heard(words(look))) for look in looks]
    return certain, " ".join(one.text for one in agreement.rest)


def test_one_look_alone_is_not_believed() -> None:
    assert heard("the number is") == ([""], "the number is")


def test_what_two_looks_say_alike_is_certain() -> None:
    assert heard("the number is fort", "the number is forty two", "the number is forty two") == (
        ["", "the number is", "forty two"],
        "",
    )


def test_punctuation_and_capitals_do_not_matter() -> None:
    assert heard("Hello my name", "hello, my name is")[0] == ["", "hello, my name"]


def test_a_later_look_changes_nothing_that_is_certain() -> None:
    certain, rest = heard("I want to", "I want two", "Eye want two pounds", "Eye want two pounds")
    assert certain == ["", "I want", "two", "pounds"]
    assert rest == ""


def test_a_word_that_a_later_look_leaves_out_is_not_told_again() -> None:
    certain, _ = heard("so I want", "so I want a", "I want a dog", "I want a dog")
    assert certain == ["", "so I want", "a", "dog"]


def test_a_word_that_is_said_twice_is_told_twice() -> None:
    assert heard("no", "no no", "no no no", "no no no no")[0] == ["", "no", "no", "no"]


def test_the_last_look_makes_all_of_it_certain() -> None:
    agreement = Agreement()
    agreement.heard(words("one two"))
    agreement.heard(words("one two three"))
    assert [one.text for one in agreement.concluded(words("one two tree four"))] == ["tree", "four"]
    assert agreement.rest == []


def test_times_never_run_back() -> None:
    agreement = Agreement()
    agreement.heard(words("one two"))
    agreement.heard(words("one two"))
    late = [*words("one two"), LiveWord("three", 0.2, 0.4)]
    agreement.heard(late)
    [three] = agreement.heard(late)
    assert (three.start, three.end) == (1.0, 1.0)


def test_marks_alone_are_told_apart() -> None:
    assert LiveWord("...", 0, 1).sound != LiveWord("!", 0, 1).sound
    assert LiveWord("¿Qué?", 0, 1).sound == "qué"


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=8), max_size=8))
def test_whatever_looks_say_certain_words_only_grow_and_what_is_told_is_what_stands(looks: list[list[str]]) -> None:
    agreement, told = Agreement(), list[str]()
    for look in looks:
        before = list(agreement.committed)
        told += [one.text for one in agreement.heard(words(" ".join(look)))]
        assert agreement.committed[: len(before)] == before
        assert [one.text for one in agreement.committed] == told
        assert all(one.start <= one.end for one in agreement.committed)


@given(st.lists(st.sampled_from("abcd"), max_size=10), st.lists(st.sampled_from("abcd"), max_size=5))
def test_a_look_that_repeats_what_is_certain_goes_on_behind_it(said: list[str], more: list[str]) -> None:
    committed = words(" ".join(said))
    hypothesis = words(" ".join([*said, *more]))
    assert continuation(committed, [replace(one, start=one.start, end=one.end) for one in hypothesis]) == len(said)
