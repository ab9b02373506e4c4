"""The image registry on localhost: pushes and pulls move only the layers that the other side lacks."""

import http.client
import json
from pathlib import Path

from dev.house import processes
from dev.house.places import BIN, CACHE, CONFIG, REGISTRY_PORT


def start() -> None:
    """Start the registry without waiting for it. Its blobs lie in the cache."""
    processes.start("registry", [BIN / "registry", "serve", _configuration()], {"OTEL_TRACES_EXPORTER": "none"})


def ready() -> bool:
    """Whether it answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", REGISTRY_PORT, timeout=2)
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except OSError:
        return False


def _configuration() -> Path:
    configuration = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(CACHE / "registry"), "maxthreads": 100},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{REGISTRY_PORT}"},
    }
    path = CONFIG / "registry.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(configuration, indent=1))
    return path
