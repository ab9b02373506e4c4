"""What a user types after `transcription-runner transcribe` is the recipe that was meant, or an error in the user's words."""

import argparse
from typing import Any

import pytest

from transcription_api.runner_config import Recipe
from transcription_api.speech import Subtitles
from transcription_runner.local.command import transcribe_options
from transcription_runner.local.options import FLAGS, in_words_of_options, recipe_of, subtitles_of, temperatures


def typed(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    transcribe_options(parser)
    return parser.parse_args(["a.wav", "--output", "out", *line.split()])


def asked(line: str) -> dict[str, Any]:
    """The fields of the recipe that differ from the defaults, by their paths."""
    changed: dict[str, Any] = {}
    for name, value in recipe_of(typed(line)).model_dump(mode="json", exclude_defaults=True).items():
        changed |= {f"{name}.{field}": one for field, one in value.items()} if isinstance(value, dict) else {name: value}
    return changed


def test_without_options_the_recipe_is_the_default_one() -> None:
    assert recipe_of(typed("")) == Recipe()
    assert subtitles_of(typed("")) == Subtitles()


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("--language es", {"language": "es"}),
        ("--language Spanish", {"language": "es"}),
        ("--language castilian", {"language": "es"}),
        ("--task translate", {"task": "translate"}),
        ("--channels split", {"audio.channels": "split"}),
        ("--channels split --channel-names a,b", {"audio.channels": "split", "audio.channel_names": ["a", "b"]}),
        ("--track 0", {"audio.track": 0}),
        ("--min-language-probability 0.8", {"language_detection.min_probability": 0.8}),
        ("--candidates en,Dutch", {"language_detection.candidates": ["en", "nl"]}),
        ("--language-per-chunk", {"language_detection.per_chunk": True}),
        ("--beam-size 1 --best-of 2 --patience 2", {"decoding.beam_size": 1, "decoding.best_of": 2, "decoding.patience": 2.0}),
        ("--length-penalty 0.5", {"decoding.length_penalty": 0.5}),
        ("--initial-prompt Hello --hotwords Acme", {"decoding.initial_prompt": "Hello", "decoding.hotwords": "Acme"}),
        ("--suppress-numerals --suppress-tokens 5,7", {"decoding.suppress_numerals": True, "decoding.suppress_tokens": [5, 7]}),
        ("--compression-ratio-threshold 3", {"decoding.compression_ratio_threshold": 3.0}),
        ("--logprob-threshold -2", {"decoding.log_prob_threshold": -2.0}),
        ("--no-speech-threshold 0.9", {"decoding.no_speech_threshold": 0.9}),
        ("--temperature-increment 0", {"decoding.temperatures": [0.0]}),
        ("--temperature 0.4 --temperature-increment 0.3", {"decoding.temperatures": [0.4, 0.7, 1.0]}),
        ("--vad-method silero --vad-onset 0.6", {"vad.method": "silero", "vad.onset": 0.6}),
        ("--vad-offset 0.2 --chunk-size 20", {"vad.offset": 0.2, "vad.chunk_size": 20}),
        ("--no-align", {"alignment.enabled": False}),
        ("--align-method attention", {"alignment.method": "attention"}),
        ("--align-model owner/name --characters", {"alignment.model": "owner/name", "alignment.characters": True}),
        ("--diarize", {"diarization.enabled": True}),
        ("--diarize --min-speakers 2", {"diarization.enabled": True, "diarization.min_speakers": 2}),
        ("--diarize --max-speakers 3", {"diarization.enabled": True, "diarization.max_speakers": 3}),
        ("--diarize --diarize-model owner/name", {"diarization.enabled": True, "diarization.model": "owner/name"}),
        ("--diarize --speaker-embeddings", {"diarization.enabled": True, "diarization.embeddings": True}),
    ],
)
def test_an_option_sets_its_field(line: str, fields: dict[str, Any]) -> None:
    assert asked(line) == fields


def test_every_field_of_the_recipe_has_an_option() -> None:
    fields = {
        name if not hasattr(kind.annotation, "model_fields") else f"{name}.{inner}"
        for name, kind in Recipe.model_fields.items()
        for inner in getattr(kind.annotation, "model_fields", {"": None})
    }
    wire = {Recipe.model_config["alias_generator"](name) for name in fields}  # type: ignore[operator, misc]
    assert {field.replace(".", "").lower() for field in wire} <= {field.replace(".", "").lower() for field in FLAGS}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--vad-onset 2", "--vad-onset: input should be less than 1"),
        ("--vad-onset 0.2", "--vad-offset 0.363 must not be greater than --vad-onset 0.2"),
        ("--diarize --min-speakers 3 --max-speakers 2", "--min-speakers 3 must not be greater than --max-speakers 2"),
        ("--min-speakers 3", "need --diarize"),
        ("--channel-names a,b", "--channel-names needs --channels split"),
        ("--align-model owner/name --align-method attention", "give only one of them"),
        ("--characters --align-method attention", "give only one of them"),
        ("--no-align --characters", "leave out --no-align"),
        ("--align-model ./nowhere", "the model folder ./nowhere does not exist"),
        ("--suppress-tokens=-5", "--suppress-tokens: input should be greater than or equal to 0"),
        ("--temperature-increment 0.01", "--temperature-increment 0.01 makes 101 temperatures; at most 8 are tried"),
        ("--temperature-increment -1", "must not be negative"),
        ("--temperature 3", "--temperature with --temperature-increment"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_words_of_the_command_line(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        recipe_of(typed(line))


@pytest.mark.parametrize("line", ["--language klingon", "--candidates en,klingon", "--formats docx", "--task sing"])
def test_an_unknown_word_names_what_is_known(line: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=line.rpartition(" ")[2].split(",")[-1]):
        typed(line)


def test_temperatures_rise_to_one_and_no_further() -> None:
    assert temperatures(0.0, 0.2) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert temperatures(0.5, 0.4) == [0.5, 0.9]
    assert temperatures(1.5, 0.2) == [1.5]


def test_messages_of_the_engine_name_options_instead_of_fields() -> None:
    assert (
        in_words_of_options("model.computeType int8 on cuda; set compute.device.") == "--compute-type int8 on cuda; set --device."
    )
    assert in_words_of_options("spec.languageDetection.minProbability is 2") == "--min-language-probability is 2"
    assert in_words_of_options("the track of vad.onset.wav in /a/vad.onset/b") == "the track of vad.onset.wav in /a/vad.onset/b"
