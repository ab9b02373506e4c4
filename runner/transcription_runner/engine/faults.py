"""What an exception of the speech libraries means: memory ran out, the device is dead, or something else. Pure, imports nothing.

The libraries have no classes in common. torch raises OutOfMemoryError, AcceleratorError and RuntimeError, pyannote.audio raises
MemoryError where torch ran out of it, CTranslate2 raises RuntimeError; so the text decides. Where each text comes from:

    out of memory   torch "CUDA out of memory. Tried to allocate", "CUDA error: out of memory", "can't allocate memory" (CPU);
                    CTranslate2 "CUDA failed with error out of memory"; cuBLAS, cuDNN and cuFFT "..._ALLOC_FAILED"
    a dead device   torch "CUDA error: device-side assert triggered", "cuDNN error: ...", "NVML_SUCCESS == ...";
                    CTranslate2 "CUDA failed with error unspecified launch failure", "cuBLAS failed with status ...",
                    "Library libcublas.so.12 is not found or cannot be loaded"; thrust "cudaErrorIllegalAddress: ..."
"""

from collections.abc import Iterator
from contextlib import contextmanager

from transcription_runner.errors import DeviceError

_OUT_OF_MEMORY = ("out of memory", "_alloc_failed", "bad_alloc", "can't allocate memory", "cannot allocate memory")
_DEVICE_DEAD = (
    "cuda error",
    "cuda failed with",
    "cuda driver",
    "cuda unknown error",
    "cuda initialization",
    "cuda-capable device",
    "cudaerror",
    "cudagetdevicecount",
    "cublas failed",
    "cublas_status",
    "cublas error",
    "cudnn failed",
    "cudnn_status",
    "cudnn error",
    "cufft error",
    "cusolver error",
    "device-side assert",
    "nvml",
    "no cuda gpus",
    "nvidia driver",
    "libcublas",
    "libcudnn",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch may help."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and _says(error, _OUT_OF_MEMORY)


def is_device_dead(error: BaseException) -> bool:
    """Whether the GPU, or the way to it, is lost, so that no file can be done any more in this process.

    After such an error each later call fails, too, since CUDA's context is gone. A lack of memory is none of these, and neither
    is a mistake in our own code (a tensor on the wrong device raises TypeError, or a RuntimeError that has none of the signs).
    """
    known = isinstance(error, (RuntimeError, OSError))
    return known and not is_out_of_memory(error) and _says(error, _DEVICE_DEAD)


@contextmanager
def device_faults() -> Iterator[None]:
    """Around the work of a stage: the error of a dead device leaves as DeviceError, every other one as it is."""
    try:
        yield
    except Exception as error:
        if is_device_dead(error):
            raise device_error(error) from error
        raise


def device_error(error: BaseException) -> DeviceError:
    """The DeviceError for an error of a dead device."""
    cause = " ".join(str(error).split())[:300]
    return DeviceError(
        "DeviceFailed",
        f"the GPU stopped working: {cause}. Files that were in work are neither done nor failed, and are done again by the next "
        "try. If it happens again on the same node, look at `nvidia-smi` and at the kernel's log (`dmesg | grep Xid`) there: the "
        "GPU may need a reset, or the driver may be too old",
    )


def _says(error: BaseException, signs: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)
