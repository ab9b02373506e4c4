"""OpenAI's audio API: its fields are the recipe that was meant, or refused; shapes hold all words; events are in order."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.unit.runner.build import segment, transcript
from tests.unit.runner.scripted import Scripted, ScriptedEngine, failing
from tests.unit.runner.services import LOADED, Answered, client, engine_of, form, service, until
from transcription_api.runner_config import Recipe
from transcription_api.transcript import Transcript
from transcription_runner.engine.work import Piece
from transcription_runner.errors import FileError
from transcription_runner.serve.events import InOrder
from transcription_runner.serve.openai_answers import body
from transcription_runner.serve.openai_fields import (
    ALLOWED,
    ResponseFormat,
    TranscriptionFields,
    TranslationFields,
    fields_of,
    recipe_of,
)
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.service import Service


def asked(kind: type[TranslationFields] = TranscriptionFields, **fields: Any) -> Recipe:
    form_of = {name.replace("__", "[]"): value if isinstance(value, list) else [value] for name, value in fields.items()}
    return recipe_of(fields_of(form_of, kind), LOADED)


def answered(spoken: Transcript, **fields: Any) -> Any:
    content = body(spoken, TranscriptionFields.model_validate(fields)).content.decode()
    return content if fields["response_format"] in ("text", "srt", "vtt") else json.loads(content)


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with engine_of() as engine:
        yield engine


def streamed(house: Service, name: str = "5x3", **how: Any) -> tuple[Answered, list[dict[str, Any]]]:
    asking = client(house).ask("/v1/audio/transcriptions", form(name, language="es", stream="true"), **how)
    answer = asyncio.run(asking)
    return answer, [json.loads(line[6:]) for line in answer.body.decode().split("\n\n") if line.startswith("data: ")]


def test_fields_are_those_of_the_recipe() -> None:
    recipe = asked(language="es", prompt="Grüezi", keywords__=["Acme", "Zürich"], temperature="0.4", model="whisper-1")
    assert recipe.language == "es"
    assert (recipe.decoding.initial_prompt, recipe.decoding.hotwords) == ("Grüezi", "Acme Zürich")
    assert recipe.decoding.temperatures == [0.4]
    assert asked(temperature="0", prompt="").decoding == Recipe().decoding
    assert asked(languages__=["es", "en", "es"], chunking_strategy="auto").language_detection.candidates == ["es", "en"]
    assert asked(TranslationFields, model="small").task == "translate"
    assert asked(response_format="diarized_json").diarization.enabled


@pytest.mark.parametrize(
    ("wanted", "aligned"), [("json", False), ("text", False), ("srt", True), ("vtt", True), ("verbose_json", True)]
)
def test_words_are_placed_where_their_times_show(wanted: str, aligned: bool) -> None:
    assert asked(response_format=wanted).alignment.enabled is aligned


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"model": "gpt-4o-transcribe"}, "model"),
        ({"language": "english"}, "language"),
        ({"languages__": ["es", "xx"]}, "languages"),
        ({"response_format": "docx"}, "response_format"),
        ({"temperature": "2"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"prompt": "x" * 1001}, "prompt"),
        ({"keywords__": ["x" * 150] * 7}, "keywords"),
        ({"include__": ["logprobs"]}, "include"),
        ({"known_speaker_names__": ["Anna"]}, "known_speaker_names"),
        ({"chunking_strategy": "server_vad"}, "chunking_strategy"),
        ({"langauge": "es"}, "langauge"),
        ({"language": ["es", "en"]}, "language"),
        ({"language": "es", "languages__": ["en"]}, "languages"),
        ({"timestamp_granularities__": ["word"]}, "response_format"),
        ({"timestamp_granularities__": ["letter"], "response_format": "verbose_json"}, "timestamp_granularities"),
        ({"stream": "true", "response_format": "srt"}, "response_format"),
    ],
)
def test_what_cannot_be_honoured_is_refused(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked(**fields)
    assert (refused.value.status, refused.value.param) == (422, at)


@pytest.mark.parametrize("fields", [{"language": "es"}, {"response_format": "diarized_json"}, {"keywords__": ["Acme"]}])
def test_translations_have_fewer_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        asked(TranslationFields, **fields)


def test_each_field_is_known_to_the_table_of_what_is_allowed() -> None:
    assert set(ALLOWED) == set(TranscriptionFields.model_fields)


def test_verbose_json_has_segments_and_where_asked_for_words() -> None:
    spoken = transcript(segment("thank you", 1.0, 2.0, timed=True, avg_logprob=-0.25), segment("yes", 3.0, 4.0))
    plain = answered(spoken, response_format="verbose_json")
    assert (plain["text"], plain["language"], plain["duration"]) == ("thank you yes", "english", 60.0)
    assert plain["segments"][0] == {"id": 0, "start": 1.0, "end": 2.0, "text": "thank you", "avg_logprob": -0.25}
    assert "words" not in plain
    words = answered(spoken, response_format="verbose_json", timestamp_granularities=["word"])
    assert words["words"] == [{"word": "thank", "start": 1.0, "end": 1.5}, {"word": "you", "start": 1.5, "end": 2.0}]
    assert "segments" not in words


def test_speakers_are_letters_in_the_order_in_which_they_speak() -> None:
    spoken = transcript(*(segment("yes", speaker=who) for who in ("SPEAKER_07", None, "SPEAKER_02", "SPEAKER_07")))
    found = answered(spoken, response_format="diarized_json")
    assert [one["speaker"] for one in found["segments"]] == ["A", "unknown", "B", "A"]
    many = answered(transcript(*(segment("yes", speaker=f"S{number}") for number in range(28))), response_format="diarized_json")
    assert [one["speaker"] for one in many["segments"]][25:] == ["Z", "AA", "AB"]


def test_text_is_written_as_the_language_is() -> None:
    assert answered(transcript(segment("你好。"), segment("再见。"), language="zh"), response_format="text") == "你好。再见。\n"
    assert answered(transcript(), response_format="json")["text"] == ""


@pytest.mark.parametrize("wanted", list(ResponseFormat))
def test_all_shapes_carry_the_same_words(wanted: ResponseFormat) -> None:
    found = answered(transcript(segment("thank you", timed=True), segment("Zoë", 2.0, 3.0)), response_format=str(wanted))
    text = found if isinstance(found, str) else found["text"]
    assert "thank you" in text
    assert "Zoë" in text


@given(some.lists(some.text("ab ", max_size=4), max_size=8), some.randoms(use_true_random=False), some.sampled_from(["en", "zh"]))
def test_pieces_in_any_order_make_the_text_of_the_whole(texts: list[str], chance: random.Random, language: str) -> None:
    pieces = [Piece(at, at + 1, [segment(text, at, at + 1)], at, language) for at, text in enumerate(texts)]
    whole = answered(transcript(*(piece.segments[0] for piece in pieces), language=language), response_format="json")["text"]
    shuffled, in_order = list(pieces), InOrder()
    chance.shuffle(shuffled)
    assert "".join(text for piece in shuffled for text in in_order.texts(piece)) == whole


def test_a_stream_tells_text_as_it_comes_and_then_the_whole(engine: ScriptedEngine) -> None:
    house = service(engine)
    answer, told = streamed(house)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "".join(event["delta"] for event in told[:-1]) == "5.0 5.1 5.2"
    assert told[-1] == {
        "type": "transcript.text.done",
        "text": "5.0 5.1 5.2",
        "usage": {"type": "duration", "seconds": 31},
    }
    assert (house.places.taken, house.scratch.taken) == (0, 0)


def test_a_stream_that_fails_says_so_as_its_last_event() -> None:
    with engine_of(Scripted(decode=failing("5x3", error=FileError("DamagedAudio", "it ends early")))) as engine:
        house = service(engine)
        _, [event] = streamed(house)
        assert event["error"]["code"] == "DamagedAudio"
        assert (house.places.taken, house.scratch.taken) == (0, 0)


def test_who_hangs_up_on_a_stream_frees_its_place() -> None:
    stages = Scripted(batch=1, recognise=lambda _: time.sleep(0.01))
    with engine_of(stages) as engine:
        house, gone = service(engine), asyncio.Event()

        async def scene() -> None:
            asking = asyncio.create_task(
                client(house).ask("/v1/audio/transcriptions", form("1x5000", language="es", stream="true"), hang_up=gone)
            )
            await until(lambda: stages.batches)
            assert house.places.taken == 1
            gone.set()
            await asking

        asyncio.run(scene())
        assert (house.places.taken, house.scratch.taken) == (0, 0)
        time.sleep(0.1)
        done = len(stages.batches)
        time.sleep(0.1)
        assert len(stages.batches) == done


def test_the_one_model_is_listed(engine: ScriptedEngine) -> None:
    house = service(engine)
    listed = asyncio.run(client(house).ask("/v1/models", method="GET"))
    assert [model["id"] for model in json.loads(listed.body)["data"]] == ["small"]
    assert asyncio.run(client(house).ask("/v1/models/small", method="GET")).status == 200
    assert asyncio.run(client(house).ask("/v1/models/large", method="GET")).status == 404
