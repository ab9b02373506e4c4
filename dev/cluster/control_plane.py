"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler: their command lines and when they are ready."""

import ssl
import urllib.error
import urllib.request

from dev.cluster import credentials, processes
from dev.cluster.places import (
    API,
    API_PORT,
    BIN,
    BRIDGE_ADDRESS,
    POD_RANGE,
    SERVICE_RANGE,
    STATE,
)

ETCD = "http://127.0.0.1:2379"


def start() -> None:
    """Start etcd and the API server, and when that answers, what needs it. Takes about 8 s."""
    processes.start(
        "etcd",
        [
            BIN / "etcd", "--data-dir", STATE / "etcd", "--unsafe-no-fsync", "--listen-client-urls", ETCD,
            "--advertise-client-urls", ETCD, "--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "warn",
            "--quota-backend-bytes", str(4 << 30), "--auto-compaction-mode", "periodic", "--auto-compaction-retention", "5m",
        ],
    )  # fmt: skip
    processes.start(
        "kube-apiserver",
        [
            BIN / "kube-apiserver", f"--etcd-servers={ETCD}",
            f"--bind-address={BRIDGE_ADDRESS}", f"--advertise-address={BRIDGE_ADDRESS}", f"--secure-port={API_PORT}",
            f"--tls-cert-file={credentials.SERVER}.crt", f"--tls-private-key-file={credentials.SERVER}.key",
            f"--token-auth-file={credentials.TOKENS}", "--authorization-mode=Node,RBAC",
            f"--kubelet-client-certificate={credentials.KUBELET_CLIENT}.crt",
            f"--kubelet-client-key={credentials.KUBELET_CLIENT}.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={credentials.SERVICE_ACCOUNT}",
            f"--service-account-signing-key-file={credentials.SERVICE_ACCOUNT}",
            f"--service-cluster-ip-range={SERVICE_RANGE}", "--enable-admission-plugins=NodeRestriction",
            "--profiling=false", "--shutdown-delay-duration=0",
        ],
    )  # fmt: skip
    processes.wait_until("the API server", ready, ("etcd", "kube-apiserver"), seconds=90)
    processes.start(
        "kube-controller-manager",
        [
            BIN / "kube-controller-manager", f"--kubeconfig={credentials.kubeconfig('kube-controller-manager')}",
            f"--service-account-private-key-file={credentials.SERVICE_ACCOUNT}", f"--root-ca-file={credentials.CA}",
            "--use-service-account-credentials", "--leader-elect=false", "--bind-address=127.0.0.1",
            f"--cluster-cidr={POD_RANGE}",
        ],
    )  # fmt: skip
    processes.start(
        "kube-scheduler",
        [
            BIN / "kube-scheduler", f"--kubeconfig={credentials.kubeconfig('kube-scheduler')}", "--leader-elect=false",
            "--bind-address=127.0.0.1",
        ],
    )  # fmt: skip


def ready() -> bool:
    """Whether the API server says that it is."""
    try:
        context = ssl.create_default_context(cafile=str(credentials.CA))
        with urllib.request.urlopen(f"{API}/readyz", timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
