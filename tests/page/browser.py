"""Chromium with the page in it, which also fails for what nobody sees: errors in the console, requests to other hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, Playwright, Request

from tests.page.npm import AXE

CHROMIUM = Path("/usr/bin/chromium")
WIDE, NARROW = 1280, 390
HEIGHT = 900
Scheme = Literal["light", "dark"]
HEARD_AS_FAULT = ("Failed to load resource",)
"""What Chromium's console says of every answer that is an error, and those are asked for here."""


def launched(playwright: Playwright, spoken: Path) -> Browser:
    """Debian's Chromium; into its microphone a WAV file is spoken, once."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={spoken}%noloop",
            "--autoplay-policy=no-user-gesture-required",
        ],
    )


@contextmanager
def visited(
    browser: Browser,
    address: str,
    *,
    path: str = "/",
    scheme: Scheme = "light",
    width: int = WIDE,
    motion: bool = True,
    forbidden: bool = False,
    judged: bool = False,
) -> Iterator[Page]:
    """The page of a service, by somebody who was never here before. `judged`: by axe, which writes styles that the page's policy
    forbids. `forbidden`: the test does what is a fault."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        reduced_motion="no-preference" if motion else "reduce",
        has_touch=width == NARROW,
        device_scale_factor=1,
        bypass_csp=judged,
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HEARD_AS_FAULT):
            faults.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((address, "blob:", "data:")):
            faults.append(f"a request to {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", asked)
    try:
        page.goto(f"{address}{path}")
        yield page
        assert bool(faults) == forbidden, faults
    finally:
        context.close()


def sent(name: str, content: bytes) -> FilePayload:
    """A file for the page's input."""
    return {"name": name, "mimeType": "audio/wav", "buffer": content}


def violations(page: Page) -> list[str]:
    """What axe finds that keeps somebody out, serious or critical; with the elements."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['impact']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
