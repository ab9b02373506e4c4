"""Following one TranscriptionJob on the terminal, as a user would: `kubectl get tsj NAME -w` until it ends."""

import json
import subprocess
import time
from typing import Any

NAMESPACE = "transcription"
_OBSTACLES = {"Unschedulable", "ImagePullFailed", "ContainerNotStarted", "SecretNotFound", "SecretKeyNotFound"}


def follow(name: str, environment: dict[str, str], seconds: float | None = None) -> dict[str, Any]:
    """Show the job until it ends or the time is over, and what keeps it from starting; its last status."""
    kubectl = ["kubectl", "--namespace", NAMESPACE]
    end = None if seconds is None else time.monotonic() + seconds
    status: dict[str, Any] = {}
    said = ""
    with subprocess.Popen([*kubectl, "get", "tsj", name, "-w"], env=environment) as watch:
        try:
            while status.get("phase") not in ("Succeeded", "Failed") and (end is None or time.monotonic() < end):
                time.sleep(1)
                command = [*kubectl, "get", "tsj", name, "-o", "json"]
                seen = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                status = json.loads(seen.stdout).get("status", {})
                running = condition(status, "Running")
                if running.get("reason") in _OBSTACLES and running["message"] != said:
                    said = running["message"]
                    print(f"  it waits: {said}", flush=True)
            time.sleep(1)  # let the watch print the last change
        finally:
            watch.terminate()
    return status


def condition(status: dict[str, Any], kind: str) -> dict[str, str]:
    """One condition of a status; empty if it is not there."""
    return next((found for found in status.get("conditions", []) if found["type"] == kind), {})
