"""What is done on purpose where a GPU is: its libraries loaded, streams of their own for the stages, memory given back.

Everything here does nothing on a CPU, and nothing imports torch before it is needed.

Streams. CTranslate2's streams and torch's default stream wait for each other (CUDA's legacy rule). A stage that used the default
stream would stand still while a batch is recognised. torch's other streams are free of that rule.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LIBRARIES = ("libcublasLt.so.12", "libcublas.so.12")
"""What CTranslate2 4 opens by name when it first multiplies (it has no cuDNN), the one that the other needs first."""
WHEEL = "nvidia.cublas"
"""The package on which torch depends and that carries these libraries, in a folder that the loader does not search."""


def is_cuda(device: str) -> bool:
    """Whether the device is a GPU: "cuda", or "cuda:1"."""
    return device.startswith("cuda")


def load_libraries(device: str) -> None:
    """Load cuBLAS for CTranslate2, which then finds it by its name. Call it before the model is loaded.

    Where the wheel is not installed nothing is done: then the system's loader must know the library, and CTranslate2 says so
    if it does not. Raises OSError, with the path, if the wheel's library cannot be loaded.
    """
    if not is_cuda(device):
        return
    for library in cublas():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def cublas() -> list[Path]:
    """The files of LIBRARIES in the installed wheel, in the order of loading; empty without the wheel."""
    try:
        wheel = find_spec(WHEEL)
    except ModuleNotFoundError:
        return []
    folders = [Path(folder, "lib") for folder in (wheel.submodule_search_locations or [])] if wheel else []
    return [folder / name for folder in folders for name in LIBRARIES if (folder / name).is_file()]


def free_memory(device: str) -> int:
    """Bytes that are free on the GPU, without what torch keeps for itself (that is given back first)."""
    import torch

    empty_cache()
    return int(torch.cuda.mem_get_info(torch.device(device))[0])


def empty_cache() -> None:
    """Give back the memory that torch keeps for later, so that CTranslate2 and other processes can have it."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class SideStream:
    """The CUDA stream of one stage. Values may be read once they are on the CPU: `.cpu()` waits for the stream that it runs on.

    Make it after the stage's model is loaded. May be used by several threads, one after the other.
    """

    def __init__(self, device: str) -> None:
        self._stream: Any = None
        if is_cuda(device):
            import torch

            torch.cuda.synchronize(torch.device(device))  # the weights may still be on their way, on the default stream
            self._stream = torch.cuda.Stream(torch.device(device))  # type: ignore[no-untyped-call]

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Have this thread's work run on the stream, which is finished when the block ends."""
        if self._stream is None:
            yield
            return
        import torch

        with torch.cuda.stream(self._stream):
            yield
        self._stream.synchronize()


def settle(tensor: Any) -> None:
    """Wait until a tensor that is computed on this thread's stream has its values, for a reader that knows no stream."""
    if tensor.is_cuda:
        import torch

        torch.cuda.current_stream(tensor.device).synchronize()
