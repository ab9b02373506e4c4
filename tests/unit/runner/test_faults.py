"""What an exception of the speech libraries means, by the words that each of them has for it."""

import pytest

from transcription_runner.engine.faults import device_faults, is_device_dead, is_out_of_memory
from transcription_runner.errors import DeviceError, FileError


class OutOfMemoryError(RuntimeError):
    """As torch names it; torch itself is not needed to recognise it."""


class AcceleratorError(RuntimeError):
    """As torch names it."""


SHORT = [
    MemoryError(),
    OutOfMemoryError("CUDA: tried to allocate 2.00 GiB"),
    AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("CUDA failed with error out of memory"),
    RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
    RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("std::bad_alloc"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
]
DEAD = [
    AcceleratorError("CUDA error: device-side assert triggered"),
    AcceleratorError("CUDA error: no kernel image is available for execution on the device"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("cuFFT error: CUFFT_EXEC_FAILED"),
    RuntimeError("CUDA failed with error unspecified launch failure"),
    RuntimeError("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED"),
    RuntimeError("parallel_for failed: cudaErrorIllegalAddress: an illegal memory access was encountered"),
    RuntimeError("NVML_SUCCESS == DriverAPI::get()->nvmlInit_v2_() INTERNAL ASSERT FAILED"),
    RuntimeError("No CUDA GPUs are available"),
    RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"),
    OSError("libcublasLt.so.12: cannot open shared object file: No such file or directory"),
]
NEITHER = [
    TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."),
    RuntimeError("Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"),
    RuntimeError("Calculated padded input size per channel: (1). Kernel size: (10)."),
    FileError("DamagedAudio", "the file is cut off"),
    ValueError("out of memory"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize(("errors", "short", "dead"), [(SHORT, True, False), (DEAD, False, True), (NEITHER, False, False)])
def test_a_lack_of_memory_a_dead_device_and_all_else_are_told_apart(errors: list[BaseException], short: bool, dead: bool) -> None:
    for error in errors:
        assert (is_out_of_memory(error), is_device_dead(error)) == (short, dead), error


def test_case_makes_no_difference() -> None:
    assert is_device_dead(RuntimeError("cuda ERROR: misaligned address"))


@pytest.mark.parametrize("error", DEAD)
def test_a_dead_device_leaves_a_stage_as_an_error_that_concerns_all_files_and_says_what_to_do(error: Exception) -> None:
    with pytest.raises(DeviceError, match="nvidia-smi") as caught, device_faults():
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.reason == "DeviceFailed"


@pytest.mark.parametrize("error", [*SHORT, *NEITHER])
def test_every_other_error_leaves_a_stage_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, device_faults():
        raise error
    assert caught.value is error
