"""What the validators need: the W3C's, installed from npm at its locked version."""

import pytest

from tests.validators import w3c


@pytest.fixture(scope="session")
def w3c_validator() -> None:
    w3c.install()
