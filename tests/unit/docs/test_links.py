"""Links of the documentation lead somewhere: to a file of the repository, and where they name a heading, to that.

Not to a folder: the repository's host shows one, the website of `make docs` cannot.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.unit.docs.said_words import ROOT

LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?\)")
CODE = re.compile(r"^(```|~~~).*?^\1$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"[a-z]+:")
NOT_OURS = {"build", "node_modules", "dist"}


def pages() -> list[Path]:
    """Every Markdown file that is the repository's."""
    return [
        page
        for folder in (ROOT, *(one for one in ROOT.iterdir() if one.is_dir() and not one.name.startswith(".")))
        for page in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
        if not NOT_OURS & set(page.relative_to(ROOT).parts)
    ]


def local_links(text: str) -> Iterator[str]:
    """What is linked to within the repository; code is not looked at."""
    return (target for target in LINK.findall(CODE.sub("", text)) if not ELSEWHERE.match(target))


@cache
def anchors(page: Path) -> frozenset[str]:
    """As the repository's host names a page's headings; one that comes again gets a number."""
    found: list[str] = []
    for title in re.findall(r"^#{1,6} (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").strip().lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(name if name not in found else f"{name}-{found.count(name)}")
    return frozenset(found)


def broken(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    return [target for target in local_links(text) if not _is_there(page, target)]


def _is_there(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    return there.is_file() and there.is_relative_to(ROOT) and (not anchor or anchor in anchors(there))


def test_every_link_of_every_page_leads_somewhere() -> None:
    assert {str(page.relative_to(ROOT)): bad for page in pages() if (bad := broken(page, page.read_text("utf-8")))} == {}


def test_a_link_to_a_heading_or_a_file_that_is_not_there_is_found() -> None:
    text = "[a](concepts.md) [g](decisions) [b](nowhere.md) [c](reasons.md#bucketnotfound) [d](reasons.md#nothing) `[e](code.md)` [f](https://x.org)"
    assert broken(ROOT / "docs" / "page.md", text) == ["decisions", "nowhere.md", "reasons.md#nothing"]
