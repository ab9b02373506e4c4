"""`transcription-runner transcribe`: the engine on local files, without a cluster."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError
from tqdm import tqdm

from transcription_api.runner_config import Recipe
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import SourceObject
from transcription_runner.engine.suffixes import has_known_suffix
from transcription_runner.engine.work import Outcome, Work
from transcription_runner.errors import FileError, RunError
from transcription_runner.formats.documents import documents
from transcription_runner.limits import limits_from_environment
from transcription_runner.surroundings import available_threads, prepare_surroundings

USAGE_ERROR = 2
INTERRUPTED = 130
"""As shells report an end by Ctrl-C."""


def transcribe(arguments: argparse.Namespace) -> int:
    """Transcribe all inputs; the exit code: 0, 1 when a file failed, 2 for wrong arguments, 78 for a wrong configuration."""
    try:
        files = dict(input_files(arguments.audio))
        formats = _formats(arguments.formats)
        recipe, subtitles = _recipe(arguments), _subtitles(arguments)
    except ValueError as error:
        print(f"transcription-runner: {_plain(error)}", file=sys.stderr)
        return USAGE_ERROR
    if not files:
        print("transcription-runner: no audio or video files found", file=sys.stderr)
        return USAGE_ERROR
    failures: list[str] = []
    try:
        from transcription_runner.engine.engine import Engine

        prepare_surroundings()
        seconds = limits_from_environment().audio_seconds
        works = (Work(path, SourceObject(key=name)) for name, path in files.items())
        with (
            TemporaryDirectory(prefix="transcription-") as scratch,
            closing(Engine(recipe, _device(arguments.device), Path(scratch), seconds, available_threads())) as engine,
            tqdm(total=len(files), unit="file", desc="transcribing") as bar,
        ):
            for outcome in engine.transcribe(works, Progress(bar)):
                bar.update()
                if fault := outcome.fault or _written(outcome, arguments.output, formats, subtitles):
                    failures.append(f"{outcome.work.path}: {fault.reason}: {fault.message}")
            if arguments.timings:
                arguments.timings.write_text(json.dumps(engine.stage_seconds, indent=2) + "\n", encoding="utf-8")
    except KeyboardInterrupt:
        print("transcription-runner: interrupted; files already written stay", file=sys.stderr)
        return INTERRUPTED
    except RunError as error:
        print(f"transcription-runner: {error.reason}: {error.message}", file=sys.stderr)
        return int(error.exit_code)
    print(f"{len(files) - len(failures)} of {len(files)} files transcribed to {arguments.output}")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


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
        self._seconds += seconds - self._heard.get(work.source.key, 0.0)
        self._heard[work.source.key] = seconds
        self._bar.set_postfix_str(f"{self._seconds:.0f} s of audio")


def _written(outcome: Outcome, folder: Path, formats: list[Format], subtitles: Subtitles) -> FileError | None:
    """Write the transcript; why it could not be."""
    assert outcome.transcript is not None
    try:
        for suffix, content in documents(outcome.transcript, formats, subtitles).items():
            target = folder / f"{outcome.work.source.key}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        return FileError("OutputNotWritable", f"{target}: {error.strerror}")
    return None


def input_files(inputs: list[Path]) -> Iterator[tuple[str, Path]]:
    """Name below the output folder and path of each input. Raises ValueError for what is missing or would be written twice."""
    seen: dict[str, Path] = {}
    for given in inputs:
        if not given.exists():
            raise ValueError(f"{given} does not exist")
        found = [(given.name, given)]
        if given.is_dir():
            paths = sorted(path for path in given.rglob("*") if path.is_file() and has_known_suffix(path.name))
            found = [(path.relative_to(given).as_posix(), path) for path in paths]
        for name, path in found:
            if name in seen and seen[name].resolve() != path.resolve():
                raise ValueError(f"{seen[name]} and {path} would write the same transcripts; give the folder that holds both")
            if name not in seen:
                seen[name] = path
                yield name, path


def _formats(text: str) -> list[Format]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in list(Format)]
    if unknown or not names:
        raise ValueError(f"--formats knows {', '.join(Format)}, not {', '.join(unknown) or 'nothing'}")
    return [Format(name) for name in dict.fromkeys(names)]


def _recipe(arguments: argparse.Namespace) -> Recipe:
    device = _device(arguments.device)
    compute_type = arguments.compute_type or ("float16" if device == "cuda" else "int8")
    name = arguments.model
    fields: dict[str, Any] = {
        "model": {"name": _model(name), "compute_type": compute_type, "batch_size": arguments.batch_size},
        "language": arguments.language,
        "task": arguments.task,
        "decoding": {
            "beam_size": arguments.beam_size,
            "initial_prompt": arguments.initial_prompt,
            "hotwords": arguments.hotwords,
            "suppress_numerals": arguments.suppress_numerals,
        },
        "vad": {
            "method": arguments.vad_method,
            "onset": arguments.vad_onset,
            "offset": arguments.vad_offset,
            "chunk_size": arguments.chunk_size,
        },
        "alignment": {"enabled": not arguments.no_align, "model": _model(arguments.align_model)},
        "diarization": {
            "enabled": arguments.diarize,
            "min_speakers": arguments.min_speakers,
            "max_speakers": arguments.max_speakers,
            "model": _model(arguments.diarize_model),
        },
    }
    return Recipe.model_validate(fields)


def _model(name: str | None) -> str | None:
    """A local folder by its absolute path, so that a relative one works here, too; any other name as it is."""
    return str(Path(name).resolve()) if name and Path(name).is_dir() else name


def _subtitles(arguments: argparse.Namespace) -> Subtitles:
    return Subtitles(
        max_line_width=arguments.max_line_width,
        max_line_count=arguments.max_line_count,
        highlight_words=arguments.highlight_words,
    )


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    import ctranslate2

    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def _plain(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return str(error)
