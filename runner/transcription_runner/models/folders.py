"""Where models come from: a folder, a name below one of the model folders, or a hub name that the libraries resolve.

The model folders are a list that a process sets once, before it loads a model: the commands set it from --model-dir and from the
environment variable TRANSCRIPTION_MODEL_PATH. A program that uses the engine as a library may set its own, or none.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten

from transcription_api.names import ENV_MODEL_PATH
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.checksums import faults, read_checksums
from transcription_runner.models.hub import check_owner

ALIGNERS_FILE = "aligners.json"
"""In a model folder: language code -> name of the aligner to use where the job names none."""


_folders: tuple[Path, ...] = ()


def use_model_folders(folders: Sequence[Path]) -> None:
    """Look for models in these folders from now on, in this order, before a hub is asked. For the whole process."""
    global _folders
    _folders = tuple(folders)


def model_folders() -> tuple[Path, ...]:
    """The folders in which this process looks for models, in order."""
    return _folders


def folders_of_environment() -> list[Path]:
    """The folders that TRANSCRIPTION_MODEL_PATH names, in order: the only place that reads it, and only commands call it."""
    return [Path(folder) for folder in os.environ.get(ENV_MODEL_PATH, "").split(":") if folder]


def model_name(name: str) -> str:
    """A local folder by its absolute path, so that a relative one works, too; any other name as it is.

    Raises ValueError for what can only be a folder, and is none.
    """
    if Path(name).is_dir():
        return str(Path(name).resolve())
    if name.startswith(("/", "./", "../", "~")):
        raise ValueError(f"the model folder {name} does not exist")
    return name


def located(name: str, needed_file: str, *, pickled: bool = False) -> str:
    """A folder with the model, or `name` itself where it is left to the hub. `pickled`: its weights are pickles.

    Raises ConfigurationError: ModelNotFound for an absolute folder that is not there or lacks `needed_file`, ModelDamaged for
    a model whose files are not of the sizes that its checksums.json has, ModelNotAllowed as `check_owner` does.
    """
    if name.startswith("/"):
        if not (Path(name) / needed_file).is_file():
            raise ConfigurationError("ModelNotFound", f"the folder {name} holds no model: {needed_file} is not in it")
        return _sound(Path(name))
    for folder in model_folders():
        if (folder / name / needed_file).is_file():
            return _sound(folder / name)
    check_owner(name, pickled=pickled)
    return name


def bundle_folder(name: str) -> str | None:
    """The folder with the pulled weights of a torchaudio bundle (`model_dir` to whisperx), None where torchaudio must fetch them.

    Raises ConfigurationError (ModelDamaged) as `located` does.
    """
    for folder in model_folders():
        if name.isidentifier() and any((folder / name).glob("*.pt*")):
            return _sound(folder / name)
    return None


def bundle_file(name: str) -> Path | None:
    """Where torch keeps a bundle's weights once it has fetched them; None for what is no bundle."""
    import torch
    import torchaudio  # type: ignore[import-untyped]

    path = getattr(getattr(torchaudio.pipelines, name, None), "_path", None)
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(path).name if path else None


def _sound(folder: Path) -> str:
    """The folder. Comparing sizes costs no reading, and finds what was cut off before the libraries stumble on it."""
    try:
        checksums = read_checksums(folder)
        damage = [f"{file} {fault}" for file, fault in faults(folder, checksums, contents=False)] if checksums else []
    except ValueError as error:
        damage = [str(error)]
    if damage:
        raise ConfigurationError(
            "ModelDamaged",
            f"the model in {folder} is damaged: {'; '.join(damage)}. "
            "Run `transcription-runner models pull` again, or copy the folder anew",
        )
    return str(folder)


def default_aligner(language: str) -> str | None:
    """The aligner that the model folders name for a language: a folder, a hub name (owner/name) or a bundle of `bundle_folder`.

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
            if "/" not in found and bundle_folder(found) is None:
                raise LookupError(f"{file} names {name!r}, and no model folder holds it")
            return found
    return None


def not_found(kind: str, name: str, cause: Exception) -> ConfigurationError:
    """The error for a model that is nowhere: what, where it was looked for, how to provide it."""
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    offline = constants.HF_HUB_OFFLINE
    places = [str(folder) for folder in model_folders()] or [f"no model folder, since {ENV_MODEL_PATH} is not set"]
    places.append(f"the cache {constants.HF_HUB_CACHE}")
    places.append("no hub, since HF_HUB_OFFLINE is set" if offline else constants.ENDPOINT)
    unfinished = [folder / f"{name}.partial" for folder in model_folders() if (folder / f"{name}.partial").is_dir()]
    hints = [f"{unfinished[0]} is a pull that was not finished: run it again."] if unfinished else []
    if any(sign in str(cause).lower() for sign in ("401", "403", "gated", "restricted")) and not offline:
        hints.append("The hub refused: accept the model's terms there, and give a token of that account in HF_TOKEN.")
    first_line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if isinstance(cause, HfHubHTTPError) and cause.response is not None:  # its text has what the hub's answer says
        first_line = f"HTTP {cause.response.status_code}"
    known = offline and isinstance(cause, LocalEntryNotFoundError)  # says no more than this message does
    said = "" if known else f" ({shorten(first_line, 250, placeholder=' …')})"
    return ConfigurationError(
        "ModelNotFound",
        f"the {kind} {name!r} was not found; looked in {', '.join(places)}{said}. {' '.join([*hints, ''])}"
        "Give the absolute path of a folder that holds it (for a pod: in its image or in a mounted volume), fetch it into a "
        f"folder of {ENV_MODEL_PATH} (`transcription-runner models pull {name} --to DIR`), or let this machine reach the hub"
        + (" (for pods: set runner.offline=false in the operator's chart)." if offline else "."),
    )
