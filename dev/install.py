"""Installs the operator from its chart, the one way there is: `python3 -m dev.install`, in the demo and in the tests alike.

Reads KUBECONFIG, OPERATOR_IMAGE, RUNNER_IMAGE, S3_ENDPOINT_IN_CLUSTER and MODELS_CLAIM from the environment (`source .dev/env`).
Without MODELS_CLAIM, as in a cluster of another kind, Whisper base comes from the hub.
"""

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
CHART = REPOSITORY / "deploy" / "helm" / "transcription-operator"
RELEASE, NAMESPACE = "transcription", "transcription-system"
SELECTOR = "app.kubernetes.io/name=transcription-operator"


def install(environment: dict[str, str]) -> None:
    """Install or upgrade the release and wait until the operator runs. Raises CalledProcessError if Helm gives up."""
    operator, operator_tag = environment["OPERATOR_IMAGE"].rsplit(":", 1)
    runner, runner_tag = environment["RUNNER_IMAGE"].rsplit(":", 1)
    values = {
        "image.repository": operator,
        "image.tag": operator_tag,
        "runner.image.repository": runner,
        "runner.image.tag": runner_tag,
        "storage.endpoint": environment["S3_ENDPOINT_IN_CLUSTER"],
        "storage.existingSecret": "minio-credentials",
    }
    claim = environment.get("MODELS_CLAIM", "")
    values["runner.modelCache.existingClaim"] = claim
    settings = [flag for name, value in values.items() for flag in ("--set-string", f"{name}={value}")]
    if not claim:
        settings += ["--set-string", "runner.model.name=base", "--set", "runner.offline=false"]
    command = ["helm", "upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace"]
    command += ["--values", str(CHART / "ci" / "dev-values.yaml"), *settings, "--take-ownership", "--wait", "--timeout", "120s"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    # The tag stays the same when the code changes, so Helm sees no difference.
    rollout = ["kubectl", "--namespace", NAMESPACE, "rollout"]
    subprocess.run(
        [*rollout, "restart", "deployment", "--selector", SELECTOR], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    status = [*rollout, "status", "deployment", "--selector", SELECTOR, "--timeout=120s"]
    subprocess.run(status, env=environment, check=True, stdout=subprocess.DEVNULL)


def environment() -> dict[str, str]:
    """This process's environment, with the programs of `make up` (DEV_BIN) first on PATH."""
    known = dict(os.environ)
    if known.get("DEV_BIN"):
        known["PATH"] = f"{known['DEV_BIN']}{os.pathsep}{known['PATH']}"
    return known


if __name__ == "__main__":
    install(environment())
