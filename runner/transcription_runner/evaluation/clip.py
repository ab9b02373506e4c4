"""The clip that every runner has: 30 s of a telephone talk that pyannote.audio brings along, with what is said and by whom."""

from importlib.util import find_spec
from pathlib import Path

SECONDS = 30.0


def sound() -> Path:
    """The clip's file. Raises FileNotFoundError."""
    return folder() / "sample.wav"


def folder() -> Path:
    """Where the clip lies beside its references, sample.stm and sample.rttm. Raises FileNotFoundError."""
    found = find_spec("pyannote.audio")
    folders = list(found.submodule_search_locations or []) if found else []
    if not folders or not (Path(folders[0]) / "sample/sample.wav").is_file():
        raise FileNotFoundError("the package pyannote.audio with its sample is not installed")
    return Path(folders[0]) / "sample"
