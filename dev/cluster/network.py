"""The bridge that pods hang on and through which they, and this machine, reach the API server and the store."""

import subprocess
from pathlib import Path

from dev.cluster.places import BRIDGE, BRIDGE_ADDRESS, POD_RANGE

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
# Pods reach the outside through this machine's own address; traffic of the bridge is let through where the default is to drop.
_RULES = (
    ("nat", "POSTROUTING", f"-s {POD_RANGE} ! -d {POD_RANGE} -j MASQUERADE"),
    ("filter", "FORWARD", f"-i {BRIDGE} -j ACCEPT"),
    ("filter", "FORWARD", f"-o {BRIDGE} -j ACCEPT"),
)


def up() -> None:
    """Create the bridge and its rules unless they are there."""
    if not Path("/sys/class/net", BRIDGE).exists():
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", f"{BRIDGE_ADDRESS}/{POD_RANGE.partition('/')[2]}", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
    _FORWARDING.write_text("1")
    for table, chain, rule in _RULES:
        if not _iptables(table, "-C", chain, rule):
            _iptables(table, "-A", chain, rule)


def down() -> None:
    """Remove the bridge and its rules. IP forwarding stays on: others may have come to need it."""
    for table, chain, rule in _RULES:
        while _iptables(table, "-D", chain, rule):
            pass
    _remove_kube_firewall()
    if Path("/sys/class/net", BRIDGE).exists():
        _run("ip", "link", "delete", BRIDGE)


def _remove_kube_firewall() -> None:
    """The chain that kube-proxy leaves behind when told to clean up, because a kubelet might share it."""
    chain = "KUBE-FIREWALL"
    for jump in ("INPUT", "OUTPUT"):
        subprocess.run(["iptables", "-w", "-D", jump, "-j", chain], capture_output=True, check=False)
    for action in ("-F", "-X"):
        subprocess.run(["iptables", "-w", action, chain], capture_output=True, check=False)


def _iptables(table: str, action: str, chain: str, rule: str) -> bool:
    command = ["iptables", "-w", "-t", table, action, chain, *rule.split(), "-m", "comment", "--comment", "transcription-dev"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
