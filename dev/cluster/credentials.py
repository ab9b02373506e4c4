"""Keys, tokens and kubeconfigs of one checkout's cluster: made once, at random, under `.dev/`, readable by the owner alone."""

import base64
import json
import secrets
import subprocess
from pathlib import Path

from dev.cluster.places import API, BRIDGE_ADDRESS, KEYS, KUBECONFIG, KUBERNETES_SERVICE, NAMESPACE, NODE

# Who talks to the API server: user name and groups that its token stands for.
USERS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
}

CA = KEYS / "ca.crt"
SERVER = KEYS / "apiserver"
KUBELET_CLIENT = KEYS / "apiserver-to-kubelet"
SERVICE_ACCOUNT = KEYS / "service-account.key"
TOKENS = KEYS / "tokens.csv"
STORE = KEYS / "store.json"


def make() -> None:
    """Make what is missing. Everything or nothing: a half-made folder is made anew."""
    if not (KEYS / "complete").exists():
        KEYS.mkdir(parents=True, exist_ok=True)
        KEYS.chmod(0o700)
        _authority()
        _signed(SERVER, "kube-apiserver", f"IP:{BRIDGE_ADDRESS},IP:{KUBERNETES_SERVICE},IP:127.0.0.1,DNS:kubernetes.default.svc")
        _signed(KUBELET_CLIENT, "apiserver-to-kubelet", "DNS:apiserver-to-kubelet")
        _openssl("genrsa", "-out", SERVICE_ACCOUNT, "2048")
        TOKENS.write_text("".join(_token_line(user, groups) for user, groups in USERS.values()))
        STORE.write_text(json.dumps({"accessKey": secrets.token_hex(10), "secretKey": secrets.token_hex(20)}))
        (KEYS / "complete").touch()
    for name in USERS:
        _write_kubeconfig(name, KUBECONFIG if name == "admin" else kubeconfig(name))


def kubeconfig(name: str) -> Path:
    """The kubeconfig that a component of that name uses."""
    return KEYS / f"{name}.kubeconfig"


def store() -> dict[str, str]:
    """The object store's accessKey and secretKey."""
    return dict(json.loads(STORE.read_text()))


def admin_token() -> str:
    """The administrator's bearer token."""
    return _token("admin")


def _token(user: str) -> str:
    return next(line.split(",")[0] for line in TOKENS.read_text().splitlines() if line.split(",")[1] == user)


def _token_line(user: str, groups: str) -> str:
    return f'{secrets.token_hex(20)},{user},{user},"{groups}"\n'


def _write_kubeconfig(name: str, path: Path) -> None:
    authority = base64.b64encode(CA.read_bytes()).decode()
    # JSON is YAML, and needs no library.
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "dev", "cluster": {"server": API, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": {"token": _token(USERS[name][0])}}],
        "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": name, "namespace": NAMESPACE}}],
        "current-context": "dev",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1) + "\n")


def _authority() -> None:
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=transcription-dev",
        "-keyout", KEYS / "ca.key", "-out", CA,
    )  # fmt: skip


def _signed(path: Path, common_name: str, names: str) -> None:
    """A key `path`.key and a certificate `path`.crt for `names`, signed by our authority, for server and client use."""
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/O=transcription-dev/CN={common_name}",
        "-CA", CA, "-CAkey", KEYS / "ca.key", "-addext", f"subjectAltName={names}",
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth",
        "-keyout", path.with_suffix(".key"), "-out", path.with_suffix(".crt"),
    )  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
