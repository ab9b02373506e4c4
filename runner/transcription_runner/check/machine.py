"""What this machine is: processor, GPU, driver, and the versions of what runs on it."""

import ctypes
import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

from transcription_runner.check.report import Gpu, Machine
from transcription_runner.engine.batch_size import free_memory

DISTRIBUTIONS = ("transcription-on-kubernetes", "whisperx", "faster-whisper", "ctranslate2", "torch", "pyannote.audio")
DRIVER_FILE = Path("/proc/driver/nvidia/version")


def this_machine(device: str, index: int, threads: int) -> Machine:
    """The machine, with its GPU where that is what is used."""
    return Machine(
        system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        processor=_processor(),
        threads=threads,
        memory_free_bytes=free_memory(),
        versions={name: version for name in DISTRIBUTIONS if (version := _version(name))},
        gpu=_gpu(index) if device == "cuda" else None,
    )


def memory_in_use(device: str, index: int) -> int:
    """Bytes: of the device, by all processes, on a GPU; else of this process."""
    if device == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info(index)
        return total - free
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _gpu(index: int) -> Gpu:
    import torch

    properties = torch.cuda.get_device_properties(index)
    free, total = torch.cuda.mem_get_info(index)
    return Gpu(
        name=properties.name,
        index=index,
        compute_capability=(properties.major, properties.minor),
        memory_total_bytes=total,
        memory_free_bytes=free,
        driver=_driver(),
        driver_cuda=_driver_cuda(),
        runtime_cuda=torch.version.cuda,
    )


def _driver() -> str | None:
    """The kernel driver's version, from the kernel or from nvidia-smi; containers have the one or the other."""
    if DRIVER_FILE.is_file() and (found := driver_version(DRIVER_FILE.read_text())):
        return found
    try:
        command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(told.split()), None)


def driver_version(text: str) -> str | None:
    """The version in /proc/driver/nvidia/version."""
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+(?:\.\d+)+)", text)
    return found[1] if found else None


def _driver_cuda() -> str | None:
    """What the driver's own library says, as 12.8."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
        number = ctypes.c_int(0)
        if library.cuDriverGetVersion(ctypes.byref(number)):
            return None
    except (OSError, AttributeError):
        return None
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
