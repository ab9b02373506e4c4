"""Where a loaded model's files lie on this machine, and how large they are."""

from pathlib import Path

from transcription_runner.models.folders import bundle_file, bundle_folder, located


def size_on_disk(name: str, needed_file: str) -> int | None:
    """Bytes of the model's files; None where they are not found."""
    found = next((place for place in _places(name, needed_file) if place.exists()), None)
    if found is None:
        return None
    files = [found] if found.is_file() else [path for path in found.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)


def voice_activity_weights() -> int | None:
    """Bytes of the detector that whisperX brings along."""
    from transcription_runner.engine.detection.vad_network import whisperx_weights

    file = whisperx_weights()
    return file.stat().st_size if file.is_file() else None


def _places(name: str, needed_file: str) -> list[Path]:
    """A model folder, torchaudio's cache, the hub's cache; those that may hold it, in this order."""
    place = located(name, needed_file)
    if Path(place).is_absolute():
        return [Path(place)]
    if folder := bundle_folder(name):
        return [Path(folder)]
    return [file for file in (bundle_file(name), _snapshot(_repository(name))) if file]


def _repository(name: str) -> str:
    from faster_whisper.utils import _MODELS

    return str(_MODELS.get(name, name))


def _snapshot(repository: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError, OSError):
        return None
