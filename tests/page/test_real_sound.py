"""The page before the real service with real Whisper: a recorded telephone call, a file that is none, and the microphone."""

import re
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.integration.runner.service_process import ServiceProcess
from tests.page.browser import NARROW, WIDE, Scheme, sent, visited
from tests.page.conftest import CALL, SUPPORT, pictures
from tests.page.test_page import PAUSED

FEWER_COLOURS = "split[one][other];[one]palettegen=max_colors=96[these];[other][these]paletteuse=dither=none"
PICTURE_HEIGHT = {WIDE: 860, NARROW: 1500}


def address(service: ServiceProcess) -> str:
    return str(service.client.base_url).rstrip("/")


def picture(page: Page, name: str, scheme: Scheme, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": PICTURE_HEIGHT[width]})
    page.wait_for_timeout(400)  # the waveform is drawn anew
    page.evaluate("() => scrollTo(0, 0)")
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.png"
        page.screenshot(path=whole)
        small = pictures() / f"{name}-{scheme}-{width}.png"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", whole, "-vf", FEWER_COLOURS, small], check=True)


def test_a_telephone_call_is_transcribed_told_apart_and_lit_word_by_word(chromium: Browser, service: ServiceProcess) -> None:
    with visited(chromium, address(service)) as page:
        page.select_option("#speakers-asked", "2")
        page.set_input_files("#files", SUPPORT)
        expect(page.locator(".file .state")).to_contain_text("is being transcribed")
        expect(page.locator(".segment")).not_to_have_count(0, timeout=60_000)
        said = page.locator("#segments")
        for words in ("technical support", "the front of the router"):
            expect(said).to_contain_text(words)
        expect(page.locator("#speaker-list li")).to_have_count(2)
        for number, name in enumerate(("Support", "Customer")):
            page.locator("#speaker-list input").nth(number).fill(name)
            page.locator("#speaker-list input").nth(number).press("Enter")
        expect(page.locator(".speaker").first).to_have_text("Support")
        router = page.locator(".word", has_text=re.compile("^router")).first
        router.click()
        expect(router).to_have_class(re.compile("lit"))
        page.wait_for_function("() => !document.querySelector('.word.lit')?.textContent.startsWith('router')")
        assert not page.evaluate(PAUSED)
        router.click()
        page.keyboard.press("Space")
        page.evaluate("() => { document.getElementById('told').textContent = ''; document.activeElement.blur(); }")
        expect(page.locator("#service-state")).to_contain_text("0 of 8 places taken")
        page.mouse.move(0, 0)
        for scheme in ("light", "dark"):
            for width in (WIDE, NARROW):
                picture(page, "page", scheme, width)


def test_a_file_that_is_no_sound_says_so_and_the_others_go_on(chromium: Browser, service: ServiceProcess) -> None:
    with visited(chromium, address(service)) as page:
        page.set_input_files("#files", [sent("invoice.pdf", b"%PDF-1.7 no sound"), sent("call.wav", CALL.read_bytes())])
        expect(page.locator(".file[data-state=failed] .state")).to_contain_text("PDF")
        expect(page.locator(".file[data-state=done] .name")).to_have_text("call.wav", timeout=60_000)


def test_what_is_spoken_into_the_microphone_becomes_captions_and_then_a_transcript(
    chromium: Browser, service: ServiceProcess, tmp_path: Path
) -> None:
    with visited(chromium, address(service)) as page:
        page.select_option("#language", "en")  # else the first word decides, and "hello" is said in many languages
        page.get_by_role("button", name="Speak").click()
        expect(page.locator("#live-state")).to_have_text("listens")
        captions = page.get_by_role("log", name="Captions")
        expect(captions).to_contain_text(re.compile("New Jersey|Chicago"), timeout=40_000)
        expect(captions).to_have_attribute("aria-live", "polite")
        picture(page, "captions", "light", WIDE)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#live-state")).to_have_text("", timeout=20_000)
        expect(page.locator("#provisional")).to_have_text("")
        with page.expect_download() as found:
            page.get_by_role("button", name="Save the text").click()
        assert Path(found.value.path()).read_text().split() == captions.inner_text().split()
        page.get_by_role("button", name="Transcribe the recording").click()
        expect(page.locator("#title")).to_contain_text("microphone", timeout=60_000)
        expect(page.locator("#segments")).to_contain_text(re.compile("New Jersey|Chicago"))


def test_the_documentation_opens_without_any_other_host(chromium: Browser, service: ServiceProcess) -> None:
    with visited(chromium, address(service), path="/docs") as page:
        expect(page.locator(".opblock", has_text="/transcribe").first).to_be_visible()
        expect(page.locator(".opblock", has_text="/formats").first).to_be_visible()
