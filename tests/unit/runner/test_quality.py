"""Which texts are doubted."""

import pytest

from transcription_api.speech import Decoding
from transcription_runner.engine.recognition.quality import compression_ratio, loops, suspicions


@pytest.mark.parametrize("pattern", ["no", "thank you", "one two three", "we will call you back on monday please"])
def test_a_pattern_over_and_over_is_a_loop(pattern: str) -> None:
    assert loops(("so " + f"{pattern} " * 12).split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no no no no",
        "yes yes i know yes yes",
        "four two four two nine nine seven seven one one",
        "the order is ready and the order is paid and the order is here",
    ],
)
def test_people_repeat_themselves_a_little(text: str) -> None:
    assert not loops(text.split())


USUAL = Decoding()


def test_plain_confident_speech_passes() -> None:
    assert suspicions("please confirm the order number seven four two", -0.3, 0.01, USUAL) == ()


def test_each_doubt_is_named() -> None:
    assert suspicions("thank you " * 40, -0.2, 0.0, USUAL) == ("repetition",)
    assert suspicions("the order", -1.5, 0.1, USUAL) == ("low-confidence",)
    assert suspicions("the order", -1.5, 0.9, USUAL) == ("low-confidence", "no-speech")


def test_confident_speech_is_believed_whatever_the_no_speech_token_says() -> None:
    assert suspicions("the order", -0.3, 0.9, USUAL) == ()


def test_text_without_letters_has_a_ratio_too() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("\ud800") > 0


def test_the_limits_are_the_recipe_s() -> None:
    assert suspicions("please confirm", -0.3, 0.01, Decoding(log_prob_threshold=-0.2)) == ("low-confidence",)
