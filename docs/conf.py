"""How Sphinx makes the documentation: `make docs`, into build/docs.

The repository is the source folder, so a link means the same here and on the repository's host, and may lead from a page to an
example. Pages are plain Markdown. docs/README.md lists them for readers on the host; the menu is made from that list.
"""

import posixpath
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer
from sphinx.highlighting import lexers

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Transcription on Kubernetes"
html_title = project
html_theme = "furo"
html_show_copyright = False
root_doc = "docs/README"
extensions = ["myst_parser"]
include_patterns = ["*.md", "*/README.md", "docs/**", "deploy/**.md", "examples/**.md", "models/**.md"]
exclude_patterns = [".*", "**/.*", "**/node_modules", "build"]
myst_heading_anchors = 4

lexers["mermaid"] = TextLexer()  # the repository's host draws diagrams; here their text is shown

GROUP = re.compile(r"^## (?P<title>.+)\n(?P<text>[^#]*)", re.MULTILINE)
PAGE = re.compile(r"^- \[[^]]+\]\(([^)#]+\.md)\)", re.MULTILINE)


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_menu)


def _add_menu(app: "Sphinx", name: str, source: list[str]) -> None:
    """Each group of pages that docs/README.md lists becomes one of the menu; what it does not list comes behind them."""
    if name != root_doc:
        return
    groups = {group["title"]: PAGE.findall(group["text"]) for group in GROUP.finditer(source[0])}
    listed = {posixpath.normpath(f"docs/{page.removesuffix('.md')}") for pages in groups.values() for page in pages}
    others = sorted(page for page in app.env.found_docs - listed - {root_doc} if not page.startswith("docs/decisions/"))
    groups |= {"Decisions": ["decisions/*"]} | ({"Further pages": [f"/{page}" for page in others]} if others else {})
    source[0] = "\n\n".join([source[0], *(_menu(title, pages) for title, pages in groups.items())])


def _menu(title: str, pages: Iterable[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", ":glob:", f":caption: {title}", "", *pages, "```"])
