"""Where the dev cluster keeps its files, and the names, addresses and ports it uses.

State of one checkout (data, logs, keys) lies in `.dev/`. What is dear to make and the same for every checkout (programs,
images) lies in the cache. What must vanish with a reboot (sockets, running containers) lies under /run.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / "dev" / "tools"

STATE = REPOSITORY / ".dev"
BIN = STATE / "bin"
LOGS = STATE / "logs"
KEYS = STATE / "keys"
CONFIG = STATE / "config"
KUBECONFIG = STATE / "kubeconfig"
ENVIRONMENT = STATE / "env"
KUBELET = STATE / "kubelet"
MODELS = STATE / "models"

CACHE = Path(
    os.environ.get("DEV_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "transcription-dev"
).absolute()

RUN = Path("/run/transcription-dev")
HOLDER = RUN / "holder"
CONTAINERD_SOCKET = RUN / "containerd.sock"

NODE = "dgx-a100"
GPU_PRODUCT = "NVIDIA-A100-SXM4-40GB"
GPUS = 8
CGROUP = "transcription-dev"

NAMESPACE = "transcription"
MODELS_CLAIM = "models"
OPERATOR_NAMESPACE = "transcription-system"

BRIDGE = "transcription0"
BRIDGE_ADDRESS = "10.201.0.1"
POD_RANGE = "10.201.0.0/24"
SERVICE_RANGE = "10.202.0.0/24"
KUBERNETES_SERVICE = "10.202.0.1"

API_PORT = 6443
STORE_PORT = 9000
API = f"https://{BRIDGE_ADDRESS}:{API_PORT}"
STORE = f"http://{BRIDGE_ADDRESS}:{STORE_PORT}"
REGISTRY = "localhost:5001"  # a name only: nothing listens there, images are built where pods find them

OPERATOR_IMAGE = f"{REGISTRY}/transcription-operator:dev"
PAUSE_IMAGE = f"{REGISTRY}/pause:dev"
RUNNER_IMAGE = f"{REGISTRY}/transcription-runner:dev"
