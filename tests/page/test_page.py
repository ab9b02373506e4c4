"""The page in a real Chromium, before a service that hears what a test dictates: reading, listening, correcting, taking away."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Download, Page, expect

from tests.page.browser import WIDE, sent, visited
from tests.page.conftest import CALL

SECONDS = "() => document.getElementById('audio').currentTime"
PAUSED = "() => document.getElementById('audio').paused"


def opened(page: Page, name: str = "call.wav") -> None:
    """A recording is sent, and its transcript is there."""
    page.set_input_files("#files", [sent(name, CALL.read_bytes())])
    expect(page.locator(".segment")).to_have_count(3)


def seconds(page: Page) -> float:
    found: float = page.evaluate(SECONDS)
    return found


def word(page: Page, text: str) -> Any:
    return page.locator(".word", has_text=re.compile(f"^{text}$"))


def taken(page: Page, wanted: str) -> Download:
    with page.expect_download() as found:
        page.locator(f"#downloads button[value={wanted}]").click()
    return found.value


def content(download: Download) -> str:
    return Path(download.path()).read_text()


def test_a_click_on_a_word_plays_from_it_and_words_light_up_with_the_sound(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        word(page, "six").click()
        expect(word(page, "six")).to_have_class(re.compile("lit"))
        assert 6 <= seconds(page) < 7
        assert not page.evaluate(PAUSED)
        expect(word(page, "seven")).to_have_class(re.compile("lit"), timeout=5000)
        assert 8 <= seconds(page) < 9
        expect(page.locator(".word.lit")).to_have_count(1)


def test_the_sound_is_drawn_moved_and_slowed_down(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        position = page.locator("#position")
        expect(position).to_have_attribute("data-drawn", "true")
        expect(position.locator("canvas")).not_to_have_count(0)
        expect(page.locator("#clock")).to_have_text("0:00 / 0:30")
        box = position.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
        assert seconds(page) == pytest.approx(15, abs=0.3)
        page.select_option("#speed", "0.5")
        assert page.evaluate("() => document.getElementById('audio').playbackRate") == 0.5
        page.get_by_role("button", name="Back 5 seconds").click()
        expect(position).to_have_attribute("aria-valuetext", "10 seconds of 30 seconds")


def test_without_the_library_the_sound_plays_on_a_plain_bar_and_the_page_says_so(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        page.route("**/vendor/**", lambda route: route.fulfill(status=404))
        opened(page)
        expect(page.locator("#player-note")).to_contain_text("wavesurfer.js")
        word(page, "six").click()
        expect(word(page, "six")).to_have_class(re.compile("lit"))
        assert page.evaluate("() => document.getElementById('bar').getBoundingClientRect().width") > 50


def test_a_correction_keeps_the_times_of_what_stays_and_shares_out_the_rest(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        page.get_by_role("button", name="Correct what is said at 0 seconds").click()
        page.get_by_label("What is said", exact=True).last.fill("one, twenty five three four")
        page.keyboard.press("Enter")
        expect(page.locator(".said").first).to_have_text("one, twenty five three four")
        expect(page.get_by_role("button", name="Correct what is said at 0 seconds")).to_be_focused()
        [first, *_] = json.loads(content(taken(page, "json")))["segments"]
        assert [(one["word"], one["start"], one["end"], one.get("score")) for one in first["words"]] == [
            ("one,", 0, 1, 0.9),
            ("twenty", 1, 1.6, None),
            ("five", 1.6, 2, None),
            ("three", 2, 3, 0.9),
            ("four", 3, 4, 0.9),
        ]
        word(page, "twenty").click()
        assert 1 <= seconds(page) < 2
        page.get_by_role("button", name="Undo correction").click()
        expect(page.locator(".said").first).to_have_text("one two three four")
        expect(page.get_by_role("button", name="Undo correction")).to_be_hidden()


def test_escape_leaves_a_text_as_it_was(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        word(page, "five").focus()
        page.keyboard.press("e")
        page.keyboard.type("something else")
        page.keyboard.press("Escape")
        expect(page.locator(".said").nth(1)).to_have_text("five six")


def test_a_speaker_is_renamed_once_for_all(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        expect(page.locator(".speaker")).to_have_text(["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"])
        page.get_by_label("Name of SPEAKER_00").fill("Ann & <Co>")
        page.keyboard.press("Enter")
        expect(page.locator(".speaker")).to_have_text(["Ann & <Co>", "SPEAKER_01", "Ann & <Co>"])
        colours = page.eval_on_selector_all(".speaker", "all => all.map(one => getComputedStyle(one).color)")
        assert colours[0] == colours[2] != colours[1]
        assert content(taken(page, "txt")) == (
            "[Ann & <Co>]: one two three four\n[SPEAKER_01]: five six\n[Ann & <Co>]: seven eight nine\n"
        )
        words = json.loads(content(taken(page, "json")))["word_segments"]
        assert {one["speaker"] for one in words} == {"Ann & <Co>", "SPEAKER_01"}


def test_the_most_doubtful_passage_comes_first_and_is_one_click_away(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        expect(page.locator(".doubt .what")).to_have_text(["five six", "nine", "two"])
        page.locator(".doubt").nth(1).click()
        assert seconds(page) == pytest.approx(9.7, abs=0.5)
        expect(word(page, "nine")).to_be_focused()
        page.keyboard.press("e")
        page.keyboard.press("Control+A")
        page.keyboard.type("seven eight ten")
        page.keyboard.press("Enter")
        expect(page.locator(".doubt .what")).to_have_text(["five six", "two"])


@pytest.mark.parametrize(
    ("wanted", "name", "text"),
    [
        ("json", "call.wav.json", '"text": "five six"'),
        ("tsv", "call.wav.tsv", "5000\t7000\tfive six\n"),
        ("txt", "call.wav.txt", "[SPEAKER_01]: five six\n"),
        ("vtt", "call.wav.vtt", "<v SPEAKER_01>five six</v>"),
        ("srt", "call.wav.srt", "[SPEAKER_01]: five six\n"),
        ("karaoke", "call.wav.karaoke.vtt", "<v SPEAKER_01><c>five</c> <00:00:06.000><c>six</c></v>"),
    ],
)
def test_a_transcript_is_taken_away_in_each_format(chromium: Browser, dictation: str, wanted: str, name: str, text: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        download = taken(page, wanted)
        assert download.suggested_filename == name
        assert text in content(download)


def test_what_was_asked_for_goes_along(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        expect(page.locator("#language option")).not_to_have_count(1)
        page.select_option("#language", label="Spanish")
        page.select_option("#speakers-asked", "2")
        with page.expect_request("**/transcribe*") as asked:
            opened(page)
        assert asked.value.url.partition("?")[2] == "language=es&diarize=true&min_speakers=2&max_speakers=2"
        page.select_option("#channels", "split")
        expect(page.locator("#speakers-asked")).to_be_disabled()


def test_files_can_be_dropped_anywhere(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        dropped = page.evaluate_handle(
            "() => ['a.wav', 'b.wav'].reduce((all, name) => (all.items.add(new File(['x'], name)), all), new DataTransfer())"
        )
        page.dispatch_event("#welcome", "drop", {"dataTransfer": dropped})
        expect(page.locator(".file .name")).to_have_text(["a.wav", "b.wav"])
        expect(page.locator(".file[data-state=done]")).to_have_count(2)
        page.get_by_role("button", name="a.wav", exact=True).click()  # shown is what was done first, and that may be the other
        expect(page.locator("#title")).to_have_text("a.wav")
        expect(page.locator("#player-note")).to_contain_text("cannot play")
        page.get_by_role("button", name="Remove a.wav").click()
        expect(page.locator(".file .name")).to_have_text(["b.wav"])
        expect(page.locator("#transcript")).to_be_hidden()
        page.get_by_role("button", name="b.wav", exact=True).click()
        expect(page.locator("#title")).to_have_text("b.wav")


def test_corrections_are_not_lost_without_a_word(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        page.get_by_label("Name of SPEAKER_00").fill("Ann")
        page.keyboard.press("Enter")
        asked: list[str] = []

        def answer(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        page.once("dialog", answer)
        page.get_by_role("button", name="Remove call.wav").click()
        expect(page.locator("#title")).to_have_text("call.wav")
        assert "not downloaded" in asked[0]
        taken(page, "json")
        expect(page.locator("#title")).to_have_text("call.wav")
        page.get_by_role("button", name="Remove call.wav").click()
        expect(page.locator("#transcript")).to_be_hidden()


def test_a_narrow_window_scrolls_in_one_direction_alone(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        for width in (390, 320, 768, WIDE):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
