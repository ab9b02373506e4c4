"""CoreDNS on the bridge: pods find services by name, and everything else through this machine's own resolver."""

from dev.cluster import processes
from dev.cluster.places import BIN, BRIDGE_ADDRESS, CONFIG, KUBECONFIG

DOMAIN = "cluster.local"


def start() -> None:
    """Start CoreDNS; it waits for the API server by itself."""
    corefile = CONFIG / "Corefile"
    corefile.parent.mkdir(parents=True, exist_ok=True)
    corefile.write_text(f"""\
.:53 {{
    bind {BRIDGE_ADDRESS}
    errors
    ready 127.0.0.1:8181
    kubernetes {DOMAIN} in-addr.arpa {{
        kubeconfig {KUBECONFIG}
        pods insecure
    }}
    forward . /etc/resolv.conf
    cache 30
}}
""")
    processes.start("coredns", [BIN / "coredns", "-conf", corefile])
