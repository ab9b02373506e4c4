"""`/` and `/page/…`: the page and its files, read once, and the headers that keep strangers out of it.

What the page shows comes from strangers: names of files, and words that somebody spoke. So nothing runs on it but its own files,
it loads nothing from anywhere else, and no page of another address can frame it. One thing needs more: wavesurfer.js writes its
style into the document, which a nonce allows it, another one with each answer.
"""

import hashlib
import secrets
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from transcription_runner.serve.refusals import Refusal

MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""By a name's last part; files of other kinds are not served."""
PAGE = "index.html"
NONCE = b"STYLE-NONCE"
"""Stands in the page where the nonce goes."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    """One file of the page."""

    content: bytes
    media_type: str

    @property
    def tag(self) -> str:
        """Changes with the content (ETag)."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def page_routes() -> APIRouter:
    """No key is asked for: the page asks for it, and each of its requests brings it."""
    routes = APIRouter(include_in_schema=False)
    found = page_files()
    tags = {name: file.tag for name, file in found.items()}

    @routes.get("/")
    async def page() -> Response:
        nonce = secrets.token_urlsafe(16)
        content = found[PAGE].content.replace(NONCE, nonce.encode())
        headers = {**HEADERS, "Content-Security-Policy": policy(nonce), "Cache-Control": "no-store"}
        headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
        return Response(content, headers=headers, media_type=found[PAGE].media_type)

    @routes.get("/page/{name:path}")
    async def file(request: Request, name: str) -> Response:
        if name not in found or name == PAGE:
            raise Refusal(404, "NotFound", "the page has no such file")
        headers = {**HEADERS, "ETag": tags[name], "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tags[name]:
            return Response(status_code=304, headers=headers)
        return Response(found[name].content, headers=headers, media_type=found[name].media_type)

    return routes


def policy(nonce: str) -> str:
    """The page's Content-Security-Policy. Sound that was chosen or recorded here is played, and drawn, from `blob:`."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self'",
            "media-src blob:",
            "connect-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def page_files() -> dict[str, File]:
    """All that may be asked for, by its path below `/page/`: what is not here, no path can name."""
    return dict(_below(files("transcription_runner.serve.page") / "static", ""))


def _below(folder: Traversable, path: str) -> list[tuple[str, File]]:
    found: list[tuple[str, File]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{path}{entry.name}"
        if entry.is_dir():
            found += _below(entry, f"{name}/")
        elif (kind := entry.name.rpartition(".")[2]) in MEDIA_TYPES:
            found.append((name, File(entry.read_bytes(), MEDIA_TYPES[kind])))
    return found
