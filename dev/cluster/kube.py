"""The little of the Kubernetes API that bringing the cluster up needs."""

import json
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

from dev.cluster import credentials
from dev.cluster.places import API, BIN, KUBECONFIG
from dev.cluster.progress import Stop


def get(path: str) -> dict[str, Any]:
    """The object or list at `path`; empty when it is not there or nobody answers."""
    request = urllib.request.Request(f"{API}{path}", headers={"Authorization": f"Bearer {credentials.admin_token()}"})
    context = ssl.create_default_context(cafile=str(credentials.CA))
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return dict(json.load(answer))
    except (urllib.error.URLError, OSError):
        return {}


def apply(objects: Iterable[Mapping[str, Any]]) -> None:
    """Server-side apply. Raises Stop with kubectl's words when an object is refused."""
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    command = [str(BIN / "kubectl"), f"--kubeconfig={KUBECONFIG}", "apply", "--server-side", "--force-conflicts", "-f", "-"]
    result = subprocess.run(command, input=manifest, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise Stop(f"the cluster did not take its first objects: {result.stderr.strip()}")
