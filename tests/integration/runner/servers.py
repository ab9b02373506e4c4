"""S3 stores for what runs on real parts: who may use one, and a MinIO server of one's own."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.integration.ports import free_ports
from transcription_runner.store.s3 import S3Store


def needed(name: str) -> str:
    """An environment variable of the running cluster's. Raises RuntimeError."""
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: `make up`, then `source .dev/env`")
    return value


@dataclass(frozen=True)
class Account:
    """Where a store is and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str

    def store(self) -> S3Store:
        return S3Store(self.endpoint, self.access_key, self.secret_key)


class Minio:
    """A MinIO server of one's own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._program = Path(needed("DEV_BIN")) / "minio"
        if not self._program.exists():
            raise RuntimeError(f"{self._program} is missing: `make up` builds it")
        (port,) = free_ports(1)
        self._address = f"127.0.0.1:{port}"
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
        raise RuntimeError("MinIO did not become ready within 30 s")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
