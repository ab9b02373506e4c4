"""The MinIO server: its data lies in `.dev/store`, it listens on the bridge, so pods and this machine use the same address."""

import urllib.error
import urllib.request

from dev.cluster import credentials, processes
from dev.cluster.places import BIN, BRIDGE_ADDRESS, STATE, STORE, STORE_PORT


def start() -> None:
    """Start MinIO without waiting for it."""
    keys = credentials.store()
    processes.start(
        "minio",
        [
            BIN / "minio", "server", "--quiet", "--address", f"{BRIDGE_ADDRESS}:{STORE_PORT}",
            "--console-address", "127.0.0.1:9001", STATE / "store",
        ],
        {
            "MINIO_ROOT_USER": keys["accessKey"],
            "MINIO_ROOT_PASSWORD": keys["secretKey"],
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        },
    )  # fmt: skip


def ready() -> bool:
    """Whether MinIO says that it is."""
    try:
        with urllib.request.urlopen(f"{STORE}/minio/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
