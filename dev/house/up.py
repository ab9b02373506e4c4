"""`dev/up`: from whatever there is to a cluster that runs."""

import argparse
import json
import subprocess

from house import control_plane, credentials, network, processes, programs, store
from house.places import (
    BIN,
    ENVIRONMENT,
    KUBECONFIG,
    NAMESPACE,
    OPERATOR_IMAGE,
    OPERATOR_NAMESPACE,
    RUNNER_IMAGE,
    STATE,
    STORE,
)
from house.progress import Progress, Stop, fail


def main() -> int:
    """Bring the cluster up; the exit status."""
    parser = argparse.ArgumentParser(prog="dev/up", description=__doc__)
    parser.add_argument("--control-plane", action="store_true", help="only etcd, the API server, its controllers and MinIO")
    options = parser.parse_args()
    try:
        up(options.control_plane)
    except Stop as reason:
        return fail(reason)
    return 0


def up(control_plane_only: bool) -> None:
    builds = (programs.CLUSTER, programs.MINIO) if control_plane_only else programs.ALL
    progress = Progress(len(builds) + 3)
    for build in builds:
        programs.build(build, progress)
    STATE.mkdir(exist_ok=True)
    with progress.step("keys and network"):
        credentials.make()
        network.up()
    with progress.step("control plane and MinIO"):
        store.start()
        control_plane.start()
        processes.wait_until("MinIO", store.ready, ("minio",), seconds=30)
    with progress.step("namespaces and secrets"):
        _apply_first_objects()
        write_environment()


def _apply_first_objects() -> None:
    keys = credentials.store()
    objects = [
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (NAMESPACE, OPERATOR_NAMESPACE)),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "minio-credentials", "namespace": NAMESPACE},
            "stringData": keys,
        },
    ]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    command = [BIN / "kubectl", f"--kubeconfig={KUBECONFIG}", "apply", "--server-side", "--force-conflicts", "-f", "-"]
    result = subprocess.run(command, input=manifest, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise Stop(f"the first objects were not accepted: {result.stderr.strip()}")


def write_environment() -> None:
    """Write `.dev/env`, to be sourced by a shell."""
    keys = credentials.store()
    values = {
        "KUBECONFIG": KUBECONFIG,
        "S3_ENDPOINT": STORE,
        "S3_ENDPOINT_IN_CLUSTER": STORE,
        "S3_ACCESS_KEY": keys["accessKey"],
        "S3_SECRET_KEY": keys["secretKey"],
        "OPERATOR_IMAGE": OPERATOR_IMAGE,
        "RUNNER_IMAGE": RUNNER_IMAGE,
        "DEV_BIN": BIN,
    }
    ENVIRONMENT.touch(mode=0o600)
    ENVIRONMENT.write_text("".join(f"export {name}='{value}'\n" for name, value in values.items()))
