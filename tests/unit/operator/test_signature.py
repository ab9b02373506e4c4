"""Signatures as Standard Webhooks says, which anybody's library verifies; and our own lines in the documentation do."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_operator.cloudevents.signature import BadKeyError, read_keys, signed

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def documented() -> dict[str, Any]:
    """What the Python of docs/events.md defines."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_the_example_of_the_specifications_own_libraries() -> None:
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', read_keys(KEY))
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(body=st.binary(max_size=200), other=st.binary(min_size=24, max_size=64), moment=st.integers(0, 2**40))
def test_the_documented_lines_take_what_is_ours_and_nothing_else(body: bytes, other: bytes, moment: int) -> None:
    documentation = documented()
    documentation["time"] = type("Time", (), {"time": staticmethod(lambda: moment + 299)})
    is_ours = documentation["is_ours"]
    another = "whsec_" + base64.b64encode(other).decode()
    headers = signed("a-b-1", moment, body, read_keys(f"{another}\n{KEY}\n"))
    assert is_ours(headers, body, KEY)
    assert is_ours(headers, body, another), "both keys, while one takes the other's place"
    assert not is_ours(headers, body + b" ", KEY)
    assert not is_ours({**headers, "webhook-id": "a-b-2"}, body, KEY)
    assert not is_ours({**headers, "webhook-timestamp": str(moment - 2)}, body, KEY), "neither changed nor too old"
    assert not is_ours(headers, body, "whsec_" + base64.b64encode(b"x" * 24).decode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 4 keys"),
        ("secret", "key 1 does not begin with whsec_"),
        ("whsec_!!!", "key 1 is not base64"),
        (f"{KEY}\nwhsec_c2hvcnQ=", "key 2 has 5 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "key 1 has 65 bytes"),
        ("\n".join([KEY] * 5), "there are 5"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_not_shown(text: str, said: str) -> None:
    with pytest.raises(BadKeyError) as caught:
        read_keys(text)
    assert said in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)
