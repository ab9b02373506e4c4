"""Who may use the service: whoever sends one of its keys. Without keys, everybody.

Compared are hashes, each with all of them, in constant time: how long it takes says nothing about a key.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from transcription_runner.serve.refusals import Refusal

ENV_API_KEYS = "TRANSCRIPTION_API_KEYS"
"""Keys, separated by commas or spaces."""
SHORTEST = 16


class Keys:
    """The keys of a service."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Raises ValueError for a key that could be guessed."""
        if any(len(key) < SHORTEST for key in keys):
            raise ValueError(f"an API key has fewer than {SHORTEST} characters: it could be guessed")
        self._hashes = [_hashed(key) for key in keys]

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises Refusal unless `Authorization: Bearer KEY` or `X-API-Key: KEY` has one of them."""
        if not self._hashes:
            return
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = _hashed(bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", ""))
        if not any([hmac.compare_digest(given, known) for known in self._hashes]):  # noqa: C419 - all of them, each time
            raise Refusal(401, "InvalidKey", "send one of this service's API keys as Authorization: Bearer KEY or X-API-Key: KEY")


def keys_of(file: Path | None) -> Keys:
    """Those of a file, one a line, and of TRANSCRIPTION_API_KEYS. Raises ValueError where there should be some and are none."""
    found = os.environ.get(ENV_API_KEYS, "").replace(",", " ").split()
    if ENV_API_KEYS in os.environ and not found:
        raise ValueError(f"{ENV_API_KEYS} is set and holds no key: set one, or unset it to serve everybody")
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--api-keys-file {file} cannot be read: {error}") from None
        of_file = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not of_file:
            raise ValueError(f"--api-keys-file {file} holds no key")
        found += of_file
    return Keys(found)


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
