"""Loading a Whisper model for CTranslate2, and why it cannot be loaded."""

from pathlib import Path
from typing import Any

from transcription_api.runner_config import ResolvedModel
from transcription_runner.engine.cuda import load_libraries
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import located, not_found

WORKERS = 2
"""On a GPU one prepares its batch while the other's is computed; on a CPU they share the cores."""


def load(model: ResolvedModel, device: str, device_index: int, threads: int, extra_workers: int) -> tuple[Any, Path]:
    """A faster_whisper.WhisperModel and its folder.

    `threads` of the CPU are shared by WORKERS; `extra_workers` come on top, for work that is rare and urgent.
    Raises ConfigurationError: ModelNotFound, ModelNotLoadable, DeviceUnavailable, UnsupportedComputeType.
    """
    check_device(device, model.compute_type)
    load_libraries(device)
    from faster_whisper import WhisperModel, download_model

    name = located(model.name, "model.bin")
    try:
        folder = name if Path(name).is_dir() else download_model(name)
        loaded = WhisperModel(
            folder,
            device=device,
            device_index=device_index,
            compute_type=str(model.compute_type),
            cpu_threads=max(1, threads // WORKERS),
            num_workers=WORKERS + extra_workers if device == "cpu" else 1,
        )
    except Exception as error:
        raise _load_error(error, model, device, name) from error
    return loaded, Path(folder)


def check_device(device: str, compute_type: str) -> None:
    """Raises ConfigurationError when this machine lacks the device, or the device the number format."""
    import ctranslate2

    if device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
        raise ConfigurationError(
            "DeviceUnavailable",
            "compute.device is cuda, but no CUDA device is seen here: check that the node has a GPU, that compute.gpuResource "
            "names its resource, and that the driver (runtimeClassName) reaches the pod; or set compute.device to cpu",
        )
    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type not in supported:
        raise ConfigurationError(
            "UnsupportedComputeType",
            f"model.computeType {compute_type} does not work on this {device}; it can do {', '.join(sorted(supported))}",
        )


def _load_error(error: Exception, model: ResolvedModel, device: str, name: str) -> Exception:
    """What a failed load means. What is neither absence nor format stays itself: an internal error."""
    text = str(error)
    if isinstance(error, ConfigurationError):
        return error
    if "compute type" in text:
        return ConfigurationError("UnsupportedComputeType", f"model.computeType {model.compute_type} on {device}: {text}")
    if not Path(name).is_dir():
        return not_found("model", model.name, error)
    return ConfigurationError("ModelNotLoadable", f"the model in {name} cannot be loaded: {text.strip()[:400]}")
