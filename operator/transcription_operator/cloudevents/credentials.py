"""What the sink's Secret holds: signing keys, headers, a certificate authority. It is read for every attempt, as it may change.

The kubelet mounts it, so the operator needs no right to read Secrets. Nothing of it gets into a message.
"""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from transcription_operator.cloudevents.signature import BadKeyError, read_keys

SIGNING_KEY, HEADERS, AUTHORITY = "signingKey", "headers", "ca.crt"
_MOST_BYTES = 262_144
_MOST_HEADERS = 16
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_OURS = re.compile(r"content-.*|webhook-.*|ce-.*|host|connection|transfer-encoding|user-agent", re.IGNORECASE)


class BadSecretError(Exception):
    """The Secret cannot be used; the message says which part of it, and why, and does not show it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes with an event."""

    keys: list[bytes] = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def read_credentials(folder: Path) -> Credentials:
    """The keys and headers as they are now. Raises BadSecretError."""
    key = _text(folder / SIGNING_KEY)
    if key is None:
        raise BadSecretError(f"the Secret has no {SIGNING_KEY}")
    try:
        return Credentials(read_keys(key), _headers(_text(folder / HEADERS) or ""))
    except BadKeyError as error:
        raise BadSecretError(f"{SIGNING_KEY}: {error}") from error


def tls(folder: Path) -> ssl.SSLContext:
    """How the sink is known: by the Secret's certificate authority, or by those that the system trusts. Raises BadSecretError."""
    authority = _text(folder / AUTHORITY)
    try:
        return ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise BadSecretError(f"{AUTHORITY} is no certificate in PEM") from error


def _headers(text: str) -> dict[str, str]:
    """One a line, `Name: value`."""
    headers: dict[str, str] = {}
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), 1):
        name, colon, value = line.partition(":")
        if not (colon and _NAME.fullmatch(name) and _VALUE.fullmatch(value.strip())):
            raise BadSecretError(f"{HEADERS}: line {number} is not `Name: value`, in ASCII")
        if _OURS.fullmatch(name):
            raise BadSecretError(f"{HEADERS}: {name} is set by the operator")
        headers[name] = value.strip()
    if len(headers) > _MOST_HEADERS:
        raise BadSecretError(f"{HEADERS}: there are {len(headers)} and may be {_MOST_HEADERS}")
    return headers


def _text(file: Path) -> str | None:
    """None: the Secret has no such key."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadSecretError(f"{file.name} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise BadSecretError(f"{file.name} is larger than {_MOST_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BadSecretError(f"{file.name} is no text") from error
