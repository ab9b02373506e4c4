"""What a command loads, and where: the options for the model and the device, and the engine that they name."""

import argparse
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from transcription_api.runner_config import ResolvedModel
from transcription_api.speech import ComputeType
from transcription_runner.errors import ConfigurationError
from transcription_runner.limits import limits_from_environment
from transcription_runner.models.folders import model_name
from transcription_runner.surroundings import available_threads, prepare_libraries, prepare_surroundings, without_collecting

if TYPE_CHECKING:
    from transcription_runner.engine.engine import Engine

LARGEST_BATCH = 256
OPTIONS = {
    "model.name": "--model",
    "model.computeType": "--compute-type",
    "model.batchSize": "--batch-size",
    "compute.device": "--device",
}
"""The contract's fields that errors of the engine speak of -> the options that stand for them here."""


@dataclass(frozen=True)
class Placed:
    """A model, and the device that it runs on."""

    model: ResolvedModel
    device: str
    device_index: int
    threads: int


def loading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the model and the device."""
    group = parser.add_argument_group("model and device")
    group.add_argument("--model", default="large-v2", help="a Whisper model by name, hub name or folder; default: %(default)s")
    group.add_argument(
        "--model-dir",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a folder of models, as `models pull --to DIR` makes it; may be given several times; looked in before those of "
        "TRANSCRIPTION_MODEL_PATH",
    )
    group.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto", help="default: %(default)s")
    group.add_argument("--device-index", type=int, default=0, metavar="N", help="which GPU, from 0 on; default: %(default)s")
    group.add_argument(
        "--compute-type", choices=[str(kind) for kind in ComputeType], help="default: float16 on cuda, int8 on cpu"
    )
    group.add_argument("--batch-size", type=int, metavar="N", help="chunks recognised at once; default: what memory holds")
    group.add_argument("--threads", type=int, metavar="N", help="of the CPU; default: OMP_NUM_THREADS, else the cores there are")


def in_words_of_options(message: str, options: Mapping[str, str] = OPTIONS) -> str:
    """A message with a command's options (by field) in place of the contract's fields."""
    names = "|".join(re.escape(name) for name in sorted(options, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])(?:spec\.)?({names})(?![\w/]|\.\w)", lambda found: options[found[1]], message)


def check_loading(arguments: argparse.Namespace) -> None:
    """Raises ValueError for values that nothing has to be loaded to refuse."""
    for folder in arguments.model_dir:
        if not folder.is_dir():
            raise ValueError(f"--model-dir {folder} does not exist")
    if arguments.batch_size is not None and not 1 <= arguments.batch_size <= LARGEST_BATCH:
        raise ValueError(f"--batch-size must be 1 to {LARGEST_BATCH}, not {arguments.batch_size}")
    if arguments.threads is not None and arguments.threads < 1:
        raise ValueError(f"--threads must be at least 1, not {arguments.threads}")
    if arguments.device_index < 0:
        raise ValueError(f"--device-index must be at least 0, not {arguments.device_index}")
    model_name(arguments.model)


def placed(arguments: argparse.Namespace) -> Placed:
    """The model and the device that the options name; what they leave out is what suits this machine.

    Prepares the process's surroundings. Raises ConfigurationError (DeviceUnavailable) for a GPU that is not there.
    """
    prepare_surroundings([folder.resolve() for folder in arguments.model_dir])
    device = _device(arguments.device, arguments.device_index)
    usual = ComputeType.FLOAT16 if device == "cuda" else ComputeType.INT8
    model = ResolvedModel(
        name=model_name(arguments.model),
        compute_type=ComputeType(arguments.compute_type) if arguments.compute_type else usual,
        batch_size=arguments.batch_size,
    )
    return Placed(model, device, arguments.device_index, arguments.threads or available_threads())


@contextmanager
def engine(what: Placed) -> "Iterator[Engine]":
    """The engine, loaded, with a scratch folder of its own; closed at the end."""
    with TemporaryDirectory(prefix="transcription-", ignore_cleanup_errors=True) as scratch:
        with closing(_loaded(what, Path(scratch))) as loaded:
            yield loaded


@without_collecting()
def _loaded(what: Placed, scratch: Path) -> "Engine":
    from transcription_runner.engine.engine import Engine

    prepare_libraries(what.threads)
    return Engine(
        what.model,
        what.device,
        scratch=scratch,
        longest_seconds=limits_from_environment().audio_seconds,
        threads=what.threads,
        device_index=what.device_index,
    )


def _device(wanted: str, index: int) -> str:
    if wanted == "cpu":
        return wanted
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    if wanted == "auto" and not count:
        return "cpu"
    if not count:
        raise ConfigurationError(
            "DeviceUnavailable",
            "--device is cuda, but no CUDA device is seen here: see whether nvidia-smi lists a GPU, and whether this container, "
            "if it is one, was given it; or use --device cpu",
        )
    if index >= count:
        raise ConfigurationError(
            "DeviceUnavailable", f"--device-index is {index}, but there are {count} CUDA devices, counted from 0"
        )
    return "cuda"
