"""The one node: containerd, kubelet, kube-proxy and the plugin that advertises a DGX A100's GPUs."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from dev.cluster import cgroups, credentials, dns, processes
from dev.cluster.places import (
    BIN,
    BRIDGE,
    BRIDGE_ADDRESS,
    CACHE,
    CGROUP,
    CONFIG,
    CONTAINERD_SOCKET,
    GPU_PRODUCT,
    GPUS,
    KUBELET,
    NODE,
    PAUSE_IMAGE,
    POD_RANGE,
    RUN,
)

CNI_PLUGINS = Path("/usr/lib/cni")  # where Debian's containernetworking-plugins puts them
GPU_RESOURCE = "nvidia.com/gpu"


def start_containerd() -> None:
    """Start containerd without waiting for it."""
    RUN.mkdir(parents=True, exist_ok=True)
    _write("cni/10-bridge.conflist", json.dumps(_cni(), indent=1))
    processes.start(
        "containerd",
        [BIN / "containerd", "--config", _write("containerd.toml", _containerd())],
        # First on the PATH: containerd looks its shim up there, and Debian's, where installed, is too old.
        {"PATH": f"{BIN}:{os.environ['PATH']}"},
    )


def start_kubelet() -> None:
    """Start what makes containerd a node of the cluster."""
    cgroups.create()
    labels = {"nvidia.com/gpu.product": GPU_PRODUCT, "nvidia.com/gpu.count": str(GPUS), "nvidia.com/gpu.present": "true"}
    processes.start(
        "kubelet",
        [
            BIN / "kubelet", f"--config={_write('kubelet.json', json.dumps(_kubelet(), indent=1))}",
            f"--kubeconfig={credentials.kubeconfig('kubelet')}", f"--root-dir={KUBELET}", f"--cert-dir={KUBELET}/pki",
            f"--hostname-override={NODE}", f"--node-ip={BRIDGE_ADDRESS}",
            f"--node-labels={','.join(f'{name}={value}' for name, value in labels.items())}",
        ],
    )  # fmt: skip
    processes.start(
        "kube-proxy", [BIN / "kube-proxy", f"--config={_write('kube-proxy.json', json.dumps(_kube_proxy(), indent=1))}"]
    )
    plugins = KUBELET / "plugins_registry"
    plugins.mkdir(parents=True, exist_ok=True)
    processes.start("gpus", [BIN / "gpus", f"-resource={GPU_RESOURCE}", f"-count={GPUS}", f"-socket={plugins / 'gpus.sock'}"])


def ready(node: Mapping[str, Any], since: float) -> bool:
    """Whether a Node object says, by a report later than `since` (seconds of the epoch), that it is Ready and has its GPUs."""
    status = node.get("status", {})
    if status.get("allocatable", {}).get(GPU_RESOURCE) != str(GPUS):
        return False
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and datetime.fromisoformat(condition["lastHeartbeatTime"]).timestamp() >= since
        for condition in status.get("conditions", [])
    )


def _containerd() -> str:
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    images = "plugins.'io.containerd.cri.v1.images'"
    return f"""\
version = 4
root = '{CACHE}/containerd'
state = '{RUN}/containerd'
imports = []
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.internal.v1.opt']

[plugins.'io.containerd.server.v1.grpc']
address = '{CONTAINERD_SOCKET}'
[plugins.'io.containerd.server.v1.ttrpc']
address = '{CONTAINERD_SOCKET}.ttrpc'
[plugins.'io.containerd.shim.v1.manager']
socket_dir = '{RUN}/shims'

[{images}.pinned_images]
sandbox = '{PAUSE_IMAGE}'

[{runtime}]
restrict_oom_score_adj = true  # else no pod starts where root lacks CAP_SYS_RESOURCE
netns_mounts_under_state_dir = true
cdi_spec_dirs = []
[{runtime}.cni]
bin_dirs = ['{CNI_PLUGINS}']
conf_dir = '{CONFIG}/cni'
use_internal_loopback = true
[{runtime}.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
[{runtime}.containerd.runtimes.runc.options]
BinaryName = '{BIN}/runc'
Root = '{RUN}/runc'
SystemdCgroup = false
"""


def _cni() -> dict[str, Any]:
    return {
        "cniVersion": "1.0.0",
        "name": "transcription-dev",
        "plugins": [
            {
                "type": "bridge",
                "bridge": BRIDGE,
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": f"{RUN}/leases",
                    "ranges": [[{"subnet": POD_RANGE, "gateway": BRIDGE_ADDRESS}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def _kubelet() -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": BRIDGE_ADDRESS,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(credentials.CA)},
        },
        "authorization": {"mode": "AlwaysAllow"},  # only the API server's certificate passes the authentication above
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        "cgroupsPerQOS": True,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "clusterDNS": [BRIDGE_ADDRESS],
        "clusterDomain": dns.DOMAIN,
        "healthzBindAddress": "127.0.0.1",
        "podLogsDir": f"{KUBELET}/pod-logs",
        "maxPods": 200,
        "serializeImagePulls": False,
        # A full disk is the person's to settle; evicting pods or deleting the runner image would only hide it.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "shutdownGracePeriod": "0s",
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
    }


def _kube_proxy() -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(credentials.kubeconfig("kube-proxy"))},
        "hostnameOverride": NODE,
        "bindAddress": "127.0.0.1",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "mode": "iptables",
        "clusterCIDR": POD_RANGE,
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},  # leave the machine's
    }


def _write(name: str, content: str) -> Path:
    path = CONFIG / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != content:  # containerd watches these, and would read a file half written
        path.write_text(content)
    return path
