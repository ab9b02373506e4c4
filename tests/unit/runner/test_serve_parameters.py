"""What a request's address asks for is the recipe that was meant, or a refusal that says what may be asked for."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.runner.build import segment, transcript
from transcription_api.languages import LANGUAGE_CODES
from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import ComputeType
from transcription_runner.errors import ConfigurationError, DeviceError, FileError, TranscriptionError
from transcription_runner.serve.answers import body
from transcription_runner.serve.parameters import ALLOWED, Answer, Parameters, recipe_of
from transcription_runner.serve.refusals import Refusal, invalid, refusal_of
from transcription_runner.serve.served import Served, served

LOADED = Served("large-v2", ComputeType.FLOAT16, "cuda")


def asked(**parameters: Any) -> Recipe:
    return recipe_of(Parameters.model_validate(parameters), LOADED)


def refused(**parameters: Any) -> Refusal:
    try:
        asked(**parameters)
    except Refusal as refusal:
        return refusal
    except ValidationError as error:
        return invalid([dict(fault) for fault in error.errors()], ALLOWED)
    raise AssertionError(f"{parameters} were taken")


def test_without_parameters_the_recipe_is_the_default_one() -> None:
    assert asked() == Recipe()


def test_each_parameter_is_the_field_of_the_recipe_that_it_stands_for() -> None:
    recipe = asked(language="es", task="translate", diarize=True, min_speakers=2, max_speakers=3, word_timestamps=False)
    assert (recipe.language, recipe.task, recipe.alignment.enabled) == ("es", "translate", False)
    spoken = recipe.diarization
    assert (spoken.enabled, spoken.min_speakers, spoken.max_speakers) == (True, 2, 3)
    assert asked(channels="split").audio.channels == "split"


def test_what_is_loaded_may_be_asked_for_by_its_name() -> None:
    assert asked(model="large-v2", compute_type="float16") == Recipe()


@pytest.mark.parametrize(
    ("parameters", "at", "allowed"),
    [
        ({"language": "klingon"}, "language", LANGUAGE_CODES),
        ({"language": ""}, "language", LANGUAGE_CODES),
        ({"task": "sing"}, "task", ("transcribe", "translate")),
        ({"format": "docx"}, "format", ("json", "tsv", "txt", "vtt", "srt", "all")),
        ({"channels": "left"}, "channels", ("mix", "split")),
        ({"model": "tiny"}, "model", ("large-v2",)),
        ({"compute_type": "int8"}, "compute_type", ("float16",)),
        ({"compute_type": "int4"}, "compute_type", tuple(ComputeType)),
        ({"langauge": "es"}, "langauge", tuple(ALLOWED)),
        ({"diarize": "perhaps"}, "diarize", None),
        ({"async": "perhaps"}, "async", None),
        ({"asynchronous": True}, "asynchronous", tuple(ALLOWED)),
        ({"diarize": True, "min_speakers": 0}, "min_speakers", None),
        ({"min_speakers": 2}, "min_speakers", None),
        ({"max_speakers": 2}, "max_speakers", None),
        ({"diarize": True, "min_speakers": 3, "max_speakers": 2}, "min_speakers", None),
        ({"diarize": True, "channels": "split"}, "diarize", None),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(parameters: dict[str, Any], at: str, allowed: Any) -> None:
    refusal = refused(**parameters)
    assert (refusal.status, refusal.param, refusal.allowed) == (422, at, allowed)
    assert at in refusal.message


def test_each_parameter_is_known_to_the_table_of_what_is_allowed() -> None:
    assert set(ALLOWED) == {field.alias or name for name, field in Parameters.model_fields.items()}


def test_a_folder_is_called_by_its_last_name() -> None:
    model = ResolvedModel(name="/secret/place/large-v2", compute_type=ComputeType.INT8)
    assert served(model, "cpu").name == "large-v2"


@pytest.mark.parametrize("wanted", ["json", "tsv", "txt", "vtt", "srt"])
def test_each_format_has_its_media_type_and_is_a_part_of_all(wanted: str) -> None:
    spoken = transcript(segment("Grüße an alle", timed=True))
    content, media_type = body(spoken, Answer(wanted))
    assert "Grüße" in content.decode()
    kinds = {
        "json": "application/json",
        "tsv": "text/tab-separated-values",
        "txt": "text/plain",
        "vtt": "text/vtt",
        "srt": "application/x-subrip",
    }
    assert media_type.partition(";")[0] == kinds[wanted]
    whole = json.loads(body(spoken, Answer.ALL).content)
    assert set(whole) == set(kinds)
    assert whole[wanted] == (json.loads(content) if wanted == "json" else content.decode())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (FileError("UnsupportedFormat", "this is a PDF document"), 415, "UnsupportedFormat"),
        (FileError("DamagedAudio", "it ends early"), 422, "DamagedAudio"),
        (FileError("TooLong", "it lasts 13 hours"), 413, "TooLong"),
        (FileError("OutOfMemory", "it needs more memory than there is"), 503, "OutOfMemory"),
        (ConfigurationError("UnsupportedLanguage", "the model knows English only"), 422, "UnsupportedLanguage"),
        (DeviceError("DeviceFailed", "secret: CUDA error at 0x7f"), 503, "DeviceFailed"),
        (FileError("InternalError", "secret: KeyError in /opt/app"), 500, "InternalError"),
        (FileError("NotReadable", "secret: /tmp/x"), 500, "InternalError"),
    ],
)
def test_an_error_of_the_engine_has_a_true_status_and_tells_no_insides(error: TranscriptionError, status: int, code: str) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert "secret" not in refusal.message
    assert (refusal.retry_after is not None) == (status == 503)


def test_an_error_of_the_engine_speaks_of_parameters_not_of_fields_of_a_spec() -> None:
    error = ConfigurationError("PromptTooLong", "decoding.initialPrompt and decoding.hotwords are 300 tokens together")
    assert refusal_of(error).message == "prompt and keywords are 300 tokens together"
