"""Where models come from: a folder, a name below TRANSCRIPTION_MODEL_PATH, or a hub name that the libraries resolve."""

import json
import os
from pathlib import Path

from transcription_api.names import ENV_MODEL_PATH
from transcription_runner.errors import ConfigurationError

ALIGNERS_FILE = "aligners.json"
"""In a folder of the model path: language code -> name of the aligner to use where the job names none."""


def model_folders() -> list[Path]:
    """The folders of TRANSCRIPTION_MODEL_PATH, in order."""
    return [Path(folder) for folder in os.environ.get(ENV_MODEL_PATH, "").split(":") if folder]


def located(name: str, needed_file: str) -> str:
    """A folder with the model, or `name` itself where it is left to the hub.

    Raises ConfigurationError (ModelNotFound) for an absolute folder that is not there or lacks `needed_file`.
    """
    if name.startswith("/"):
        if not (Path(name) / needed_file).is_file():
            raise ConfigurationError("ModelNotFound", f"the folder {name} holds no model: {needed_file} is not in it")
        return name
    for folder in model_folders():
        if (folder / name / needed_file).is_file():
            return str(folder / name)
    return name


def default_aligner(language: str) -> str | None:
    """The aligner that the model path names for a language: a folder, or a hub name (owner/name).

    Raises LookupError for a plain name that no folder holds.
    """
    for folder in model_folders():
        file = folder / ALIGNERS_FILE
        if not file.is_file():
            continue
        try:
            names = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigurationError("InvalidConfiguration", f"{file} is not JSON: {error}") from None
        if name := names.get(language):
            found = located(str(name), "config.json")
            if "/" not in found:
                raise LookupError(f"{file} names {name!r}, and no folder of {ENV_MODEL_PATH} holds it")
            return found
    return None


def not_found(kind: str, name: str, cause: Exception) -> ConfigurationError:
    """The error for a model that is nowhere: what, where it was looked for, how to provide it."""
    folders = ", ".join(str(folder) for folder in model_folders()) or f"no folder, since {ENV_MODEL_PATH} is not set"
    hub = (
        "no hub, since HF_HUB_OFFLINE is set"
        if os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0")
        else "the Hugging Face hub"
    )
    first_line = (str(cause).strip().splitlines() or [type(cause).__name__])[0][:200]
    return ConfigurationError(
        "ModelNotFound",
        f"the {kind} {name!r} was not found; looked in {folders}, then in {hub} ({first_line}). Give an absolute folder that is "
        f"mounted into the pod, put the model into a folder of {ENV_MODEL_PATH}, or let the pod reach the hub.",
    )
