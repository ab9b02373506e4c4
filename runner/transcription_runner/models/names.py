"""What a model's name stands for, and which files of its repository the runner loads."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib import import_module

WHISPER = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""The files that faster-whisper asks for."""


@dataclass(frozen=True)
class HubModel:
    """A repository on the Hugging Face hub, `owner/name`."""

    repository: str


@dataclass(frozen=True)
class Bundle:
    """An alignment model that torchaudio knows by name and keeps on a server of its own."""

    name: str


def source_of(name: str) -> HubModel | Bundle:
    """Where a model comes from. Raises ValueError for a name that nothing is known by."""
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name):
        return HubModel(name)
    from faster_whisper.utils import _MODELS

    if name in _MODELS:
        return HubModel(_MODELS[name])
    if re.fullmatch(r"[A-Z0-9_]+", name) and name in import_module("torchaudio.pipelines").__all__:
        return Bundle(name)
    raise ValueError(
        f"no model is called {name!r}: give owner/name as on the hub, a bundle of torchaudio, or one of {', '.join(_MODELS)}"
    )


def aligner_of(language: str) -> str:
    """The alignment model that whisperX takes for a language. Raises ValueError where it has none."""
    from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

    known: dict[str, str] = {**DEFAULT_ALIGN_MODELS_HF, **DEFAULT_ALIGN_MODELS_TORCH}
    if language not in known:
        raise ValueError(f"whisperX names no alignment model for {language!r}, but for {', '.join(sorted(known))}")
    return known[language]


def needed(files: Collection[str], model_type: str | None = None) -> list[str]:
    """Of a repository's files those that are loaded; the same weights in other formats are not.

    Raises ValueError for a repository whose model the runner cannot load.
    """
    if "model.bin" in files:
        return _matching(files, WHISPER)
    if "config.yaml" in files:  # a pyannote pipeline, with its networks in subfolders
        return [name for name in sorted(files) if not name.startswith(".") and not name.endswith(".md")]
    weights = _matching(files, ("*.safetensors",)) or _matching(files, ("pytorch_model*.bin",))
    if model_type == "whisper":
        raise ValueError("is a Whisper model for PyTorch; the runner needs one converted to CTranslate2, with a model.bin")
    if "config.json" not in files or not weights:
        raise ValueError("holds no model that the runner can load: no model.bin, no config.yaml, no config.json with weights")
    return sorted({*weights, *_matching(files, ("*.json", "*.txt"))})


def _matching(files: Collection[str], patterns: Collection[str]) -> list[str]:
    """Files of the top folder that match."""
    return sorted(name for name in files if "/" not in name and any(fnmatch(name, pattern) for pattern in patterns))
