"""`make demo`: a cluster, the operator and a first job, from nothing to transcripts. Safe to repeat.

With KUBECONFIG set, that cluster is used instead of one of our own; it then needs the other variables of NEEDED too.
"""

import json
import os
import subprocess
import sys
import time

from dev.client import client_python
from dev.follow import NAMESPACE, follow
from dev.install import REPOSITORY, environment, install

JOB = "first-job"
MANIFEST = REPOSITORY / "examples" / "first-job.yaml"
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
    if follow(JOB, known, seconds=600).get("phase") != "Succeeded":
        subprocess.run([*kubectl, "get", "tsj", JOB, "-o", "yaml"], env=known, check=False)
        return 1

    say("What was said, and what was written")
    subprocess.run([client, "-m", "dev.samples", "show"], env=known, cwd=REPOSITORY, check=True)

    say(f"Done in {time.monotonic() - begin:.0f} s. What to try next")
    print('  make transcribe FILES="own.wav other.mp3"     # recordings of yours, or folders of them')
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


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as failed:
        sys.exit(f"\ndemo: `{' '.join(map(str, failed.cmd[:4]))} ...` failed (exit status {failed.returncode}); see above")
