"""`transcription-runner transcribe`: the engine on local files, without a cluster."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from transcription_api.ledger import recipe_hash
from transcription_api.names import ExitCode
from transcription_api.runner_config import Recipe, ResolvedModel, ResolvedOutput
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import SourceObject
from transcription_runner.engine.work import Piece, Result, Work
from transcription_runner.errors import ConfigurationError, DeviceError, FileError
from transcription_runner.loading import check_loading, engine, placed
from transcription_runner.local.done import Done, State, state_of
from transcription_runner.local.inputs import input_files
from transcription_runner.local.options import in_words_of_options, recipe_of, subtitles_of
from transcription_runner.local.outputs import prepare_folder, write

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130
"""As shells report an end by Ctrl-C."""


@dataclass(frozen=True)
class Order:
    """What was asked for: files by their name below the output folder, and how their transcripts are to be."""

    files: dict[str, Path]
    recipe: Recipe
    folder: Path
    formats: list[Format]
    subtitles: Subtitles

    def hash(self, model: ResolvedModel) -> str:
        """Of all that shapes the outputs; the bucket's name shapes nothing."""
        output = ResolvedOutput(bucket="local", prefix="", formats=self.formats, subtitles=self.subtitles)
        return recipe_hash(model, self.recipe, output)


def transcribe(arguments: argparse.Namespace) -> int:
    """Transcribe all inputs; the exit code."""
    try:
        order = _order(arguments)
    except ValueError as error:
        print(f"transcription-runner: {error}", file=sys.stderr)
        return USAGE_ERROR
    try:
        return _carried_out(order, arguments)
    except KeyboardInterrupt:
        print(
            "transcription-runner: interrupted; what is written stays, and the same command goes on from there", file=sys.stderr
        )
        return INTERRUPTED
    except (ConfigurationError, DeviceError) as error:
        print(f"transcription-runner: {error.reason}: {in_words_of_options(error.message)}", file=sys.stderr)
        return int(ExitCode.CONFIGURATION if isinstance(error, ConfigurationError) else ExitCode.INTERNAL)


def _order(arguments: argparse.Namespace) -> Order:
    """All that can be refused before anything is loaded is refused here. Raises ValueError."""
    files = dict(input_files(arguments.audio))
    if not files:
        raise ValueError("no audio or video files found")
    check_loading(arguments)
    order = Order(files, recipe_of(arguments), arguments.output, arguments.formats, subtitles_of(arguments))
    prepare_folder(order.folder)
    if arguments.timings:
        prepare_folder(arguments.timings.parent)
    return order


def _carried_out(order: Order, arguments: argparse.Namespace) -> int:
    what = placed(arguments)
    done = Done(order.folder, order.formats)
    states, unreadable = _states(order.files, order.hash(what.model))
    todo = {name: state for name, state in states.items() if arguments.overwrite or not done.holds(name, state)}
    failures = dict(unreadable)
    if todo:
        with engine(what) as loaded, tqdm(total=len(todo), unit="file", desc="transcribing") as bar:
            works = (Work(order.files[name], order.recipe, SourceObject(key=name), tag=name) for name in todo)
            for name, fault in _outcomes(loaded.transcribe(works, Progress(bar)), order, lambda one: done.add(one, todo[one])):
                bar.update()
                if fault:
                    failures[name] = fault
            if arguments.timings:
                arguments.timings.write_text(json.dumps(loaded.stage_seconds, indent=2) + "\n", encoding="utf-8")
    print(summary(len(order.files), len(states) - len(todo), len(failures), order.folder))
    for name, fault in failures.items():
        print(f"failed: {order.files[name]}: {fault.reason}: {in_words_of_options(fault.message)}", file=sys.stderr)
    return FAILED if failures else 0


def summary(files: int, skipped: int, failed: int, folder: Path) -> str:
    """The command's last line."""
    line = f"{files - skipped - failed} of {files} files transcribed to {folder}"
    if skipped:
        line += f"; {skipped} skipped, transcribed before by the same settings (--overwrite does them anew)"
    return line


def _states(files: dict[str, Path], recipe: str) -> tuple[dict[str, State], dict[str, FileError]]:
    """The state of each file as it is now, taken before it is read; and why some have none."""
    states, faults = {}, {}
    for name, path in files.items():
        try:
            states[name] = state_of(path, recipe)
        except OSError as error:
            faults[name] = FileError("Unreadable", f"{error.strerror}")
    return states, faults


def _outcomes(results: Iterable[Result], order: Order, record: Callable[[str], None]) -> Iterator[tuple[str, FileError | None]]:
    """Each file as its outputs are written and recorded, or why they are not."""
    for result in results:
        name = str(result.work.tag)
        if result.transcript is None:
            yield name, result.fault or FileError("InternalError", "the engine gave neither a transcript nor a reason")
            continue
        try:
            write(order.folder, name, result.transcript, order.formats, order.subtitles)
            record(name)
            yield name, None
        except OSError as error:
            yield name, FileError("OutputNotWritable", f"{error.filename or order.folder}: {error.strerror}")


class Progress:
    """Shows beside the count of files how much audio is recognised, since one file may take an hour."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._heard: dict[str, float] = {}
        self._seconds = 0.0

    def opened(self, work: Work, seconds: float) -> None:
        """Nothing to show yet."""

    def heard(self, work: Work, seconds: float) -> None:
        """So much of a file is recognised."""
        self._seconds += seconds - self._heard.get(work.tag, 0.0)
        self._heard[work.tag] = seconds
        self._bar.set_postfix_str(f"{self._seconds:.0f} s of audio")

    def piece(self, work: Work, piece: Piece) -> None:
        """Only whole files are written."""
