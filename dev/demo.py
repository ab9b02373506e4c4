"""`make demo`: a cluster, the operator and a first job, from nothing to transcripts. Safe to repeat.

With KUBECONFIG set, that cluster is used instead of one of our own; it then needs the other variables of NEEDED too.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from dev.install import REPOSITORY, environment, install

JOB, NAMESPACE = "first-job", "transcription"
MANIFEST = REPOSITORY / "examples" / "first-job.yaml"
VENV = REPOSITORY / ".dev" / "venv"
NEEDED = {
    "S3_ENDPOINT": "the S3-compatible store, as reached from here",
    "S3_ENDPOINT_IN_CLUSTER": "the same store, as pods reach it",
    "S3_ACCESS_KEY": "an access key of it",
    "S3_SECRET_KEY": "the secret key that belongs to it",
    "OPERATOR_IMAGE": "the operator's image, where that cluster can pull it (name:tag)",
    "RUNNER_IMAGE": "the runner's image, likewise",
}


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def main() -> int:
    """Run the demo; the exit status."""
    begin = time.monotonic()
    known = other_cluster() if os.environ.get("KUBECONFIG") else own_cluster()
    kubectl = ["kubectl", "--namespace", NAMESPACE]

    say("The operator, from its chart")
    install(known)
    print("  release transcription in namespace transcription-system")

    say("Sample calls into the bucket")
    client = client_python()
    subprocess.run([client, "-m", "dev.samples", "upload"], env=known, cwd=REPOSITORY, check=True)

    say(f"kubectl apply -f {MANIFEST.relative_to(REPOSITORY)}")
    subprocess.run([*kubectl, "delete", "tsj", JOB, "--ignore-not-found"], env=known, check=True)
    subprocess.run([*kubectl, "apply", "-f", str(MANIFEST)], env=known, check=True)

    say(f"kubectl get tsj {JOB} -w")
    if not follow(kubectl, known):
        subprocess.run([*kubectl, "get", "tsj", JOB, "-o", "yaml"], env=known, check=False)
        return 1

    say("One transcript, and everything that was written")
    subprocess.run([client, "-m", "dev.samples", "show"], env=known, cwd=REPOSITORY, check=True)

    say(f"Done in {time.monotonic() - begin:.0f} s. What to try next")
    print("  source .dev/env; export PATH=$DEV_BIN:$PATH   # kubectl, helm, and this cluster")
    print(f"  kubectl explain tsj.spec                      # what a job can say\n  kubectl describe tsj {JOB}")
    print(f'  kubectl patch tsj {JOB} --type=merge -p \'{{"spec":{{"runId":"2"}}}}\'   # again: only new files are done')
    print("  make demo                                     # once more; nothing is transcribed twice\n  make down")
    return 0


def own_cluster() -> dict[str, str]:
    """Start this checkout's own cluster, with both images in it; its environment."""
    say("A Kubernetes of our own on this machine (see dev/README.md)")
    subprocess.run([sys.executable, "-m", "dev.cluster", "up"], cwd=REPOSITORY, check=True)
    for line in (REPOSITORY / ".dev" / "env").read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        os.environ[name] = value.strip("'")
    return environment()


def other_cluster() -> dict[str, str]:
    """The cluster that KUBECONFIG names, with a namespace and a Secret for the example. Raises SystemExit for what is missing."""
    say(f"The cluster of KUBECONFIG={os.environ['KUBECONFIG']}")
    missing = [f"  {name}: {meaning}" for name, meaning in NEEDED.items() if not os.environ.get(name)]
    if missing:
        sys.exit("KUBECONFIG is set, so nothing is started here. Set these too, or unset KUBECONFIG:\n" + "\n".join(missing))
    known = environment()
    secret = {"accessKey": known["S3_ACCESS_KEY"], "secretKey": known["S3_SECRET_KEY"]}
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "minio-credentials", "namespace": NAMESPACE},
            "stringData": secret,
        },
    ]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    subprocess.run(
        ["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"], input=manifest, text=True, env=known, check=True
    )
    return known


def client_python() -> Path:
    """A Python that has the S3 client: made once, a few seconds."""
    python = VENV / "bin" / "python"
    lock = REPOSITORY / "requirements" / "demo.txt"
    mark = VENV / "installed"
    if not mark.exists() or mark.read_text() != lock.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(lock)], check=True)
        mark.write_text(lock.read_text())
    return python


def follow(kubectl: list[str], known: dict[str, str], seconds: float = 600) -> bool:
    """Show the job as `kubectl get -w` does until it ends; whether it succeeded."""
    with subprocess.Popen([*kubectl, "get", "tsj", JOB, "-w"], env=known) as watch:
        end = time.monotonic() + seconds
        phase = ""
        while phase not in ("Succeeded", "Failed") and time.monotonic() < end:
            time.sleep(1)
            seen = subprocess.run(
                [*kubectl, "get", "tsj", JOB, "-o", "json"], env=known, capture_output=True, text=True, check=True
            )
            phase = json.loads(seen.stdout).get("status", {}).get("phase", "")
        time.sleep(1)  # let the watch print the last change
        watch.terminate()
    return phase == "Succeeded"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as failed:
        sys.exit(f"\ndemo: `{' '.join(map(str, failed.cmd[:4]))} ...` failed (exit status {failed.returncode}); see above")
