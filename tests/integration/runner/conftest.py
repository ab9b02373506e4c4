"""What the runner's tests on real parts need: an S3 store, buckets, a MinIO of one's own to switch off, and sound."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.runner.buckets import Bucket
from transcription_runner.store.s3 import S3Store

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Account:
    """Where a store is and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str

    def store(self) -> S3Store:
        return S3Store(self.endpoint, self.access_key, self.secret_key)


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: `make up`, then `source .dev/env`")
    return value


@pytest.fixture(scope="session")
def account() -> Account:
    return Account(_needed("S3_ENDPOINT"), _needed("S3_ACCESS_KEY"), _needed("S3_SECRET_KEY"))


@pytest.fixture
def bucket(account: Account) -> Iterator[Bucket]:
    """A fresh bucket, which goes away with all that is in it."""
    fresh = Bucket(account.endpoint, account.access_key, account.secret_key, f"runner-{uuid.uuid4().hex[:12]}")
    fresh.make()
    yield fresh
    fresh.remove()


class Minio:
    """A MinIO server of one's own, to be stopped and started in the middle of a test."""

    def __init__(self, folder: Path) -> None:
        self._program = Path(_needed("DEV_BIN")) / "minio"
        if not self._program.exists():
            pytest.fail(f"{self._program} is missing: `make up` builds it")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.account = Account(f"http://{self._address}", "outage-test", "outage-test-secret")

    def start(self) -> None:
        surroundings = {
            **os.environ,
            "MINIO_ROOT_USER": self.account.access_key,
            "MINIO_ROOT_PASSWORD": self.account.secret_key,
            "HOME": str(self._folder),
        }
        command = [str(self._program), "server", "--quiet", "--address", self._address, str(self._folder / "data")]
        self._process = subprocess.Popen(command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(150):
            try:
                with urllib.request.urlopen(f"{self.account.endpoint}/minio/health/ready", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail("MinIO did not become ready within 30 s")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


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
    for needed in ("asr-small/model.bin", "align-small/config.json", "nltk_data/tokenizers"):
        if not (folder / needed).exists():
            pytest.fail(f"{folder / needed} is missing")
    return folder
