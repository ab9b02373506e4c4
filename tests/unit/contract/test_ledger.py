"""The ledger's names and hashes: what counts as the same work, and where its record lies."""

from hypothesis import given
from hypothesis import strategies as st

from transcription_api.ledger import ledger_key, output_key, recipe_hash
from transcription_api.runner_config import Recipe, ResolvedModel, ResolvedOutput
from transcription_api.speech import Alignment, AlignmentMethod, ComputeType, Decoding, Format, Subtitles

MODEL = ResolvedModel(name="large-v2", compute_type=ComputeType.FLOAT16, batch_size=16)
OUTPUT = ResolvedOutput(bucket="transcripts", prefix="t/", formats=list(Format))


def test_another_batch_size_is_the_same_work() -> None:
    larger = MODEL.model_copy(update={"batch_size": 32})
    assert recipe_hash(MODEL, Recipe(), OUTPUT) == recipe_hash(larger, Recipe(), OUTPUT)


def test_another_model_language_beam_format_or_cue_limit_is_other_work() -> None:
    base = recipe_hash(MODEL, Recipe(), OUTPUT)
    others = [
        recipe_hash(MODEL.model_copy(update={"name": "large-v3"}), Recipe(), OUTPUT),
        recipe_hash(MODEL, Recipe(language="es"), OUTPUT),
        recipe_hash(MODEL, Recipe(decoding=Decoding(beam_size=1)), OUTPUT),
        recipe_hash(MODEL, Recipe(), OUTPUT.model_copy(update={"formats": [Format.SRT]})),
        recipe_hash(MODEL, Recipe(), OUTPUT.model_copy(update={"subtitles": Subtitles(max_line_width=30)})),
    ]
    assert len({base, *others}) == 6


def test_the_hash_of_the_plainest_work_is_pinned_since_another_would_transcribe_every_bucket_anew() -> None:
    """If this fails, a field was added that is not left out at its default, or a default changed: see recipe_hash."""
    assert recipe_hash(MODEL, Recipe(), OUTPUT) == "c2f54aecc471f9ef"
    chosen = Recipe(language="es", decoding=Decoding(beam_size=1), alignment=Alignment(method=AlignmentMethod.ATTENTION))
    assert recipe_hash(MODEL, chosen, OUTPUT) == "a024879fbac645f4"


def test_a_setting_that_is_written_out_at_its_default_is_the_same_work() -> None:
    assert recipe_hash(MODEL, Recipe(decoding=Decoding(beam_size=5)), OUTPUT) == recipe_hash(MODEL, Recipe(), OUTPUT)


def test_the_order_of_formats_does_not_matter() -> None:
    reordered = OUTPUT.model_copy(update={"formats": list(reversed(OUTPUT.formats))})
    assert recipe_hash(MODEL, Recipe(), OUTPUT) == recipe_hash(MODEL, Recipe(), reordered)


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_two_source_objects_never_share_a_ledger_entry_or_an_output(one: str, other: str) -> None:
    if one != other:
        assert ledger_key("t/", "calls", one) != ledger_key("t/", "calls", other)
        assert output_key("t/", one, "srt") != output_key("t/", other, "srt")


@given(st.text(min_size=1))
def test_a_ledger_key_is_plain_whatever_the_object_is_called(key: str) -> None:
    assert all(character in "0123456789abcdefjson./tlger" for character in ledger_key("t/", "calls", key))
