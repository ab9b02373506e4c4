"""What the runner's tests on real parts need: an S3 store, buckets, a MinIO of one's own to switch off, and sound."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.servers import Account, Minio, needed

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def account() -> Account:
    return Account(needed("S3_ENDPOINT"), needed("S3_ACCESS_KEY"), needed("S3_SECRET_KEY"))


@pytest.fixture
def bucket(account: Account) -> Iterator[Bucket]:
    """A fresh bucket, which goes away with all that is in it."""
    fresh = Bucket(account.endpoint, account.access_key, account.secret_key, f"runner-{uuid.uuid4().hex[:12]}")
    fresh.make()
    yield fresh
    fresh.remove()


@pytest.fixture
def minio(tmp_path: Path) -> Iterator[Minio]:
    server = Minio(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder with the small models: those of the tree, unless TEST_MODELS names others that are laid out alike."""
    folder = Path(os.environ.get("TEST_MODELS", ROOT / "models"))
    for part in ("asr-small/model.bin", "align-small/config.json", "nltk_data/tokenizers"):
        if not (folder / part).exists():
            pytest.fail(f"{folder / part} is missing")
    return folder
