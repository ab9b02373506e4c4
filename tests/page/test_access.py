"""Who can use the page: without a mouse, with a screen reader, in the dark, and without anything that moves."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.browser import Scheme, violations, visited
from tests.page.test_page import PAUSED, opened, seconds, taken, word

FOCUSED = """() => {
  const one = document.activeElement;
  const seen = one.matches('.unseen') ? one.nextElementSibling : one;
  return {
    name: one.id || one.classList[0] || one.value || one.getAttribute('href'),
    outline: getComputedStyle(seen).outlineStyle + getComputedStyle(seen).outlineWidth,
  };
}"""


def stops(page: Page, most: int = 80) -> list[dict[str, Any]]:
    """Where the Tab key leads, from the top until it leaves the page."""
    found: list[dict[str, Any]] = []
    page.evaluate("() => document.activeElement.blur()")
    for _ in range(most):
        page.keyboard.press("Tab")
        one = page.evaluate(FOCUSED)
        if one["name"] is None or one in found[:1]:
            break
        found.append(one)
    return found


def test_the_tab_key_comes_to_everything_in_the_order_in_which_it_is_read(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        found = stops(page)
        names = [one["name"] for one in found]
        wanted = [
            *("skip", "docs", "files", "language", "speakers-asked", "channels", "speak", "name", "remove"),
            *("position", "back", "play", "forward", "speed", "follow", "time", "word", "correct"),
            *("srt", "vtt", "karaoke", "txt", "tsv", "json"),
        ]
        assert [one for one in dict.fromkeys(names) if one in wanted] == wanted
        assert names.count("word") == 1, "the text is one stop"
        assert names.count("time") == names.count("correct") == 3
        assert all(one["outline"] == "solid2px" for one in found), "where one is can be seen"


def test_a_recording_is_heard_read_corrected_and_taken_away_without_a_mouse(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        page.locator("#position").focus()
        for key, at in (
            ("ArrowRight", 5),
            ("ArrowUp", 10),
            ("ArrowLeft", 5),
            ("End", 30),
            ("PageDown", 0),
            ("PageUp", 30),
            ("Home", 0),
        ):
            page.keyboard.press(key)
            assert seconds(page) == pytest.approx(at, abs=0.2)
        page.keyboard.press("Space")
        assert not page.evaluate(PAUSED)
        page.keyboard.press("Space")
        assert page.evaluate(PAUSED)
        word(page, "one").focus()
        page.keyboard.press("ArrowRight")
        expect(word(page, "two")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(word(page, "six")).to_be_focused()
        page.keyboard.press("Enter")
        assert not page.evaluate(PAUSED)
        assert 6 <= seconds(page) < 7
        page.keyboard.press("Space")
        assert page.evaluate(PAUSED)
        page.keyboard.press("e")
        page.keyboard.press("Control+A")
        page.keyboard.type("five sixty")
        page.keyboard.press("Enter")
        expect(page.locator(".said").nth(1)).to_have_text("five sixty")
        page.locator("#downloads button").first.focus()
        with page.expect_download():
            page.keyboard.press("Enter")


def test_space_plays_wherever_nothing_else_wants_it(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        page.locator("#title").click()
        page.keyboard.press("Space")
        assert not page.evaluate(PAUSED)
        page.get_by_label("Name of SPEAKER_00").press("Space")
        assert not page.evaluate(PAUSED)
        assert page.evaluate("() => scrollY") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(chromium: Browser, dictation: str, scheme: Scheme, width: int) -> None:
    with visited(chromium, dictation, scheme=scheme, width=width, judged=True) as page:
        assert violations(page) == [], "at first"
        opened(page)
        expect(page.locator("#position canvas")).not_to_have_count(0)
        page.locator(".doubt").first.click()
        expect(page.locator(".word.lit")).to_have_count(1)
        page.locator(".correct").first.click()
        assert violations(page) == [], "while a segment is corrected"
        page.keyboard.press("Escape")
        page.evaluate("() => document.getElementById('live').hidden = false")
        page.evaluate("() => document.getElementById('key-dialog').showModal()")
        page.evaluate("() => document.querySelectorAll('[hidden]').forEach((one) => (one.hidden = false))")
        assert violations(page) == [], "with all that can be shown"


def test_nothing_moves_for_whoever_wants_it_still(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation, motion=False) as page:
        opened(page)
        page.evaluate(
            "() => { const live = document.getElementById('live'); live.hidden = false; live.dataset.running = 'true'; }"
        )
        moving = "() => document.getAnimations().filter((one) => one.animationName !== 'told').length"
        assert page.evaluate(moving) == 0
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        page.locator(".doubt").first.click()
        assert page.evaluate("() => document.querySelector('.word:focus').getBoundingClientRect().top") > 0


def test_what_happens_is_told_to_screen_readers(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation) as page:
        opened(page)
        expect(page.get_by_role("status").filter(has_text="call.wav is transcribed")).to_have_count(1)
        position = page.get_by_role("slider", name="Position")
        expect(position).to_have_attribute("aria-valuetext", "0 seconds of 30 seconds")
        expect(page.get_by_role("button", name="Play", exact=True)).to_have_count(1)
        expect(page.get_by_role("list", name="What was said")).to_have_attribute("lang", "es")
        assert taken(page, "txt")
