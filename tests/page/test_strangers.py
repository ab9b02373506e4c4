"""What strangers bring: names and words that are markup, pages of other addresses, a full house, and a locked one."""

from playwright.sync_api import Browser, Page, expect

from tests.page.browser import sent, visited
from tests.page.conftest import SAID
from tests.page.dictated import Dictated, dictating
from tests.unit.runner.build import segment
from transcription_runner.serve.keys import Keys

KEY = "a-key-of-the-call-centre"
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def chosen(page: Page, *names: str) -> None:
    page.set_input_files("#files", [sent(name, b"sound") for name in names])


def test_names_and_words_that_are_markup_are_shown_as_they_are(chromium: Browser, judges: None) -> None:
    stages = Dictated([segment(f"{MARKUP} said", 0.0, 4.0, timed=True, speaker=MARKUP)])
    with dictating(stages) as (address, _), visited(chromium, address) as page:
        page.on("dialog", lambda dialog: dialog.dismiss())
        scripts = page.evaluate("() => document.scripts.length")
        chosen(page, f"{MARKUP}.wav")
        expect(page.locator(".said")).to_have_text(f"{MARKUP} said")
        expect(page.locator(".speaker")).to_have_text(MARKUP)
        expect(page.locator(".file .name")).to_have_text(f"{MARKUP}.wav")
        expect(page.locator("#title")).to_have_text(f"{MARKUP}.wav")
        page.get_by_label(f"Name of {MARKUP}").fill(f"<b>{MARKUP}")
        page.keyboard.press("Enter")
        expect(page.locator(".speaker")).to_have_text(f"<b>{MARKUP}"[:60])
        assert page.evaluate("() => document.scripts.length") == scripts
        assert page.locator("img[src=x], b").count() == 0


def test_a_script_that_got_in_all_the_same_would_not_run(chromium: Browser, dictation: str) -> None:
    with visited(chromium, dictation, forbidden=True) as page:
        page.evaluate("() => { document.body.innerHTML += '<img src=page/none onerror=\"window.ran = 1\">'; }")
        page.evaluate(
            "() => { const one = document.createElement('script'); one.text = 'window.ran = 1'; document.body.append(one); }"
        )
        page.wait_for_timeout(300)
        assert page.evaluate("() => window.ran") is None


def test_pages_of_other_addresses_can_neither_frame_it_nor_ask_for_it(chromium: Browser, dictation: str) -> None:
    elsewhere = dictation.replace("127.0.0.1", "localhost")
    page = chromium.new_page()
    try:
        page.goto(f"{elsewhere}/docs")
        for asking in (ASKS_FOR_THE_STATE, ASKS_FOR_A_FORMAT):
            assert page.evaluate(asking, dictation) == "Failed to fetch"
        assert page.evaluate(OPENS_A_STREAM, dictation.replace("http", "ws")) == "closed"
        page.evaluate(FRAMES_THE_PAGE, elsewhere)
        page.wait_for_timeout(500)
        assert all("page/main.js" not in frame.content() for frame in page.frames if frame != page.main_frame)
    finally:
        page.close()


ASKS_FOR_THE_STATE = "(there) => fetch(`${there}/service`).then(() => 'answered', (error) => error.message)"
ASKS_FOR_A_FORMAT = """(there) => fetch(`${there}/formats?format=txt`, {
  method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'},
}).then(() => 'answered', (error) => error.message)"""
OPENS_A_STREAM = """(there) => new Promise((resolve) => {
  const stream = new WebSocket(`${there}/v1/listen`);
  stream.onopen = () => resolve('open');
  stream.onclose = () => resolve('closed');
})"""
FRAMES_THE_PAGE = """(there) => {
  const frame = document.createElement('iframe');
  frame.src = `${there}/`;
  document.body.append(frame);
}"""


def test_a_full_service_is_waited_for_and_the_place_is_told(chromium: Browser, judges: None) -> None:
    stages = Dictated(SAID)
    with dictating(stages, places=1) as (address, house), visited(chromium, address) as page:
        for _ in range(60):  # a place becomes free every second, so far
            with house.places.place("127.0.0.1"):
                pass
        stages.go_on.clear()
        chosen(page, "a.wav", "b.wav", "c.wav")
        states = page.locator(".file .state")
        expect(states.nth(1)).to_contain_text("the service is full, it would be 2nd there; asks again in")
        expect(states.nth(2)).to_contain_text("waits, 2nd in line")
        expect(page.locator("#service-state")).to_contain_text("1 of 1 places taken")
        stages.go_on.set()
        expect(page.locator(".file[data-state=done]")).to_have_count(3, timeout=15_000)


def test_a_key_is_asked_for_and_stays_in_its_tab(chromium: Browser, judges: None) -> None:
    with dictating(Dictated(SAID), keys=Keys([KEY])) as (address, _), visited(chromium, address) as page:
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(page.get_by_label("API key", exact=True)).to_be_focused()
        page.keyboard.type("not-the-key-at-all")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("not one of the service's")
        page.keyboard.type(KEY)
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(page.locator("#service-state")).to_contain_text("0 of 32 places taken")
        chosen(page, "a.wav")
        expect(page.locator(".segment")).to_have_count(3)
        with page.expect_download():
            page.get_by_role("button", name="SRT").click()
        assert page.evaluate("() => [localStorage.length, document.cookie, Object.values(sessionStorage)]") == [0, "", [KEY]]
        assert KEY not in page.url
        with page.context.expect_page() as opened:
            page.evaluate("() => void open('/', '_blank', 'noopener')")
        expect(opened.value.get_by_role("dialog")).to_be_visible()


def test_files_wait_for_the_key(chromium: Browser, judges: None) -> None:
    with dictating(Dictated(SAID), keys=Keys([KEY])) as (address, _), visited(chromium, address) as page:
        page.get_by_role("button", name="Cancel").click()
        chosen(page, "a.wav")
        expect(page.locator(".file .state")).to_have_text("waits for an API key")
        page.get_by_label("API key", exact=True).fill(KEY)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator(".segment")).to_have_count(3)


def test_a_service_that_went_away_is_told(chromium: Browser, judges: None) -> None:
    with dictating(Dictated(SAID)) as (address, _), visited(chromium, address) as page:
        page.route("**/transcribe*", lambda route: route.abort())
        chosen(page, "a.wav")
        expect(page.locator(".file .state")).to_contain_text("cannot be reached")
        page.unroute("**/transcribe*")
        page.get_by_role("button", name="Try again: a.wav").click()
        expect(page.locator(".segment")).to_have_count(3)
