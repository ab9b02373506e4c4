"""Signing what is sent, so that the sink knows whose it is: Standard Webhooks 1.0, symmetric (standardwebhooks.com).

HMAC-SHA256 over `<id>.<timestamp>.<body>`, where the timestamp is of this very attempt, in Unix seconds. With several keys there
are several signatures, of which the sink knows one: so keys are changed without a gap.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64
_MOST_KEYS = 4


class BadKeyError(Exception):
    """A signing key cannot be used; the message says why, and does not show it."""


def read_keys(text: str) -> list[bytes]:
    """The keys of a text, one a line: `whsec_` and 24 to 64 bytes in base64. Raises BadKeyError."""
    lines = text.split()
    if not 1 <= len(lines) <= _MOST_KEYS:
        raise BadKeyError(f"there have to be 1 to {_MOST_KEYS} keys, one a line, and there are {len(lines)}")
    return [_read_key(number, line) for number, line in enumerate(lines, 1)]


def _read_key(number: int, line: str) -> bytes:
    if not line.startswith(_PREFIX):
        raise BadKeyError(f"key {number} does not begin with {_PREFIX}")
    try:
        key = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise BadKeyError(f"key {number} is not base64 behind {_PREFIX}") from error
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise BadKeyError(f"key {number} has {len(key)} bytes, and should have {_FEWEST_BYTES} to {_MOST_BYTES}")
    return key


def signed(event_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers that go with `body`."""
    content = f"{event_id}.{timestamp}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
