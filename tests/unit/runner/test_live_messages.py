"""The two protocols' messages: what clients may say, and what the same happenings are called in each."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.errors import FileError
from transcription_runner.serve.live import listen_messages, realtime_messages
from transcription_runner.serve.live.agreement import LiveWord
from transcription_runner.serve.live.happenings import Committed, Corrected, Ended, LiveSegment, Misheard, SpeechStarted
from transcription_runner.serve.live.listen_messages import cues_of, parameters_of
from transcription_runner.serve.live.realtime_messages import Session, message_of, updated
from transcription_runner.serve.live.segments import corrected, cut_after, text_of
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.uploads import Scratch


def words(text: str, start: float = 0.0) -> list[LiveWord]:
    return [LiveWord(one, start + index / 2, start + (index + 1) / 2, 0.9) for index, one in enumerate(text.split())]


def segment(text: str = "", number: int = 0, start: float = 0.0, language: str = "en") -> LiveSegment:
    return LiveSegment(number, start, start + 2.0, words(text, start), language)


def session(**changes: Any) -> Session:
    return updated(Session(), changes)


def test_a_session_has_openais_defaults() -> None:
    asked = session().asked()
    assert asked.recipe.language is None
    assert asked.turns is not None
    assert (asked.turns.onset, asked.turns.lead, asked.turns.silence) == (0.5, 0.3, 0.5)


def test_a_session_is_changed_where_the_client_says_so_and_nowhere_else() -> None:
    first = session(audio={"input": {"transcription": {"language": "es", "prompt": "Telefónica"}}})
    then = updated(first, {"type": "transcription", "audio": {"input": {"turn_detection": None}}})
    asked = then.asked()
    assert (asked.recipe.language, asked.recipe.decoding.initial_prompt, asked.turns) == ("es", "Telefónica", None)


@pytest.mark.parametrize(
    ("form", "rate"),
    [
        ({"type": "audio/pcm"}, 24_000),
        ({"type": "audio/pcm", "rate": 24_000}, 24_000),
        ({"type": "audio/pcm", "rate": 16_000}, 16_000),
        ({"type": "audio/pcmu"}, 8_000),
        ({"type": "audio/pcma"}, 8_000),
    ],
)
def test_the_formats_of_openai_and_16_khz_are_taken(form: dict[str, Any], rate: int) -> None:
    assert session(audio={"input": {"format": form}}).audio.input.format.samples_a_second == rate


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"audio": {"input": {"noise_reduction": {"type": "near_field"}}}}, "session.audio.input.noise_reduction"),
        ({"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}, "session.audio.input.turn_detection"),
        ({"audio": {"input": {"transcription": {"language": "klingon"}}}}, "session.audio.input.transcription.language"),
        ({"include": ["item.input_audio_transcription.logprobs"]}, "session.include"),
        ({"type": "realtime"}, "session.type"),
        ({"voice": "alloy"}, "session.voice"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 44_100}}}}, "session.audio.input.format.rate"),
        ({"audio": {"input": 5}}, "session.audio.input"),
    ],
)
def test_what_cannot_be_honoured_in_a_session_is_refused_by_its_name(changes: dict[str, Any], at: str) -> None:
    with pytest.raises(Refusal) as refused:
        session(**changes)
    assert (refused.value.param or "").startswith(at)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", '{"type": "response.create"}', '{"audio": "x"}', '{"type": "input_audio_buffer.append"}']
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        message_of(text)


@given(st.text())
def test_no_text_breaks_the_reader_of_messages(text: str) -> None:
    try:
        message_of(text)
    except Refusal:
        return


def test_the_deltas_of_an_item_are_its_transcript() -> None:
    told, one = realtime_messages.Told(), segment("the number is")
    events = told.events(SpeechStarted(segment()))
    events += told.events(Committed(one, words("the number is"), words("forty")))
    one.words = words("the number is forty two")
    events += told.events(Ended(one, words("forty two"), paused=True))
    kinds = [event["type"].rpartition(".")[2] for event in events]
    assert kinds == ["speech_started", "delta", "delta", "speech_stopped", "committed", "completed"]
    assert "".join(event.get("delta", "") for event in events) == events[-1]["transcript"] == "the number is forty two"
    assert len({event["item_id"] for event in events}) == 1
    assert len({event["event_id"] for event in events}) == len(events)


def test_items_follow_each_other() -> None:
    told = realtime_messages.Told()
    first = told.events(Ended(segment("one"), [], paused=True))
    second = told.events(Ended(segment("two", 1), [], paused=False))
    assert [event["type"] for event in second] == [
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert second[0]["previous_item_id"] == first[-1]["item_id"]


def test_japanese_is_joined_without_spaces() -> None:
    told, one = realtime_messages.Told(), segment("今 日 は", language="ja")
    [event] = told.events(Committed(one, words("日 は"), []))
    assert event["delta"] == "日は"


def test_a_correction_has_the_name_of_what_it_corrects() -> None:
    told = realtime_messages.Told()
    [*_, completed] = told.events(Ended(segment("won"), words("won"), paused=True))
    [correction] = told.events(Corrected(segment("one")))
    assert correction["item_id"] == completed["item_id"]
    assert correction["transcript"] == "one"


def listen(**given: str) -> listen_messages.Told:
    address = {"encoding": "linear16", "sample_rate": "16000", **given}
    return listen_messages.Told("r", "base", parameters_of(address.items()))


def test_final_results_of_a_stream_lie_one_behind_the_other() -> None:
    told, one = listen(interim_results="true"), segment("a b")
    results = told.messages(Committed(one, words("a b"), words("c", 1.0)))
    one.words = words("a b c")
    results += told.messages(Ended(one, words("c", 1.0), paused=True))
    finals = [result for result in results if result["is_final"]]
    assert [(result["start"], result["duration"]) for result in finals] == [(0.0, 1.0), (1.0, 1.0)]
    assert [result["channel"]["alternatives"][0]["transcript"] for result in results] == ["a b", "c", "c"]
    assert [result["speech_final"] for result in results] == [False, False, True]


def test_results_that_may_change_are_told_on_request_alone() -> None:
    assert listen().messages(Committed(segment(), [], words("c"))) == []


def test_a_words_own_sound_has_no_marks() -> None:
    [result] = listen().messages(Committed(segment("Hello,"), words("Hello,"), []))
    [word] = result["channel"]["alternatives"][0]["words"]
    assert (word["word"], word["punctuated_word"], word["start"], word["end"]) == ("hello", "Hello,", 0.0, 0.5)


def test_what_failed_is_an_error_and_json() -> None:
    [error] = listen().messages(Misheard(segment(), FileError("InternalError", "inside some library")))
    assert error["type"] == "Error"
    assert "library" not in json.dumps(error), "what went wrong inside is the log's matter"


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"encoding": "linear16"}, "sample_rate"),
        ({"sample_rate": "16000"}, "encoding"),
        ({"encoding": "opus", "sample_rate": "16000"}, "encoding"),
        ({"diarize": "true"}, "diarize"),
        ({"endpointing": "10"}, "endpointing"),
        ({"channels": "3"}, "channels"),
        ({"punctuate": "false"}, "punctuate"),
        ({"language": "klingon"}, "language"),
        ({"sample_rate": "7", "encoding": "mulaw"}, "sample_rate"),
    ],
)
def test_what_cannot_be_honoured_in_an_address_is_refused_by_its_name(given: dict[str, str], at: str) -> None:
    with pytest.raises(Refusal) as refused:
        parameters_of(given.items())
    assert refused.value.param == at


def test_languages_may_be_written_as_deepgram_writes_them() -> None:
    assert parameters_of([("language", "es-419")]).asked().recipe.language == "es"
    assert parameters_of([("language", "multi")]).asked().recipe.language is None


def test_keyterms_are_favoured() -> None:
    asked = parameters_of([("keyterm", "Movistar"), ("keyterm", "fibra")]).asked()
    assert asked.recipe.decoding.hotwords == "Movistar fibra"


def test_the_pause_that_ends_a_segment_is_chosen_or_left_to_the_client() -> None:
    chosen = parameters_of([("endpointing", "800")]).asked().turns
    assert chosen is not None
    assert chosen.silence == 0.8
    assert parameters_of([("endpointing", "false")]).asked().turns is None


def test_a_segment_is_set_as_cues() -> None:
    cues = cues_of(segment("so <b> it is", start=61.0))
    assert cues.startswith("00:01:01.000 --> ")
    assert "so &lt;b&gt; it is" in cues
    assert cues_of(segment()) == ""


def test_long_segments_are_cut_at_their_last_sentence_and_never_in_what_is_told() -> None:
    told, certain = words("it is done. and"), words("now it is too. then we", 2.0)
    assert cut_after(told, certain, at_sentence=True) == 4
    assert cut_after(told, words("then we", 2.0), at_sentence=True) is None
    assert cut_after(words("that is how it is done."), [], at_sentence=True) == 0
    assert cut_after(told, certain, at_sentence=False) == len(certain)
    assert cut_after([], [], at_sentence=False) is None


def test_a_second_look_gives_each_word_to_the_segment_in_which_it_lies() -> None:
    segments = [segment("a b", 0), segment("c", 1, start=4.0)]
    [change] = corrected(segments, [*words("a b"), LiveWord("see", 4.1, 4.4), LiveWord("here", 6.2, 6.4)])
    assert (change.number, text_of(change.words, "en")) == (1, "see here")


def test_a_segment_of_which_nothing_is_left_is_corrected_to_nothing() -> None:
    [change] = corrected([segment("thank you")], [])
    assert change.words == []


def test_scratch_is_given_back() -> None:
    from transcription_runner.serve.live.recording import Recording

    scratch = Scratch(1000)
    recording = Recording(scratch)
    recording.expect(600)
    recording.expect(600)
    assert recording.whole() is None
    recording.close()
    assert scratch.taken == 0
