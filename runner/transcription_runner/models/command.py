"""`transcription-runner models`: `pull` fetches models into a folder, `verify` checks them there."""

import argparse
import json
import sys
from pathlib import Path

from transcription_runner.models.checksums import CHECKSUMS_FILE, faults, read_checksums
from transcription_runner.models.fetch import PARTIAL, FetchError, fetch
from transcription_runner.models.folders import ALIGNERS_FILE, folders_of_environment
from transcription_runner.models.names import aligner_of, source_of

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130
"""As shells report an end by Ctrl-C."""


def models_options(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add the commands below `models` with their arguments; the parser of each."""
    parser.description = "Fetches models into a folder that TRANSCRIPTION_MODEL_PATH can name, and checks them there."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    pulling = actions.add_parser(
        "pull",
        help="fetch models from the hub",
        description="Fetches models into DIR/NAME, with checksums. A pull that was interrupted goes on when it is run again; a "
        "model that is there and sound is left alone. Exit codes: 0 all there, 1 a model could not be had, 2 wrong arguments.",
    )
    pull_options(pulling)
    verifying = actions.add_parser(
        "verify",
        help="check pulled models",
        description="Reads each file of the models in a folder and compares it with its checksum. Exit codes: 0 all sound, "
        "1 something is damaged or unfinished, 2 nothing to check.",
    )
    verify_options(verifying)
    return [pulling, verifying]


def models(arguments: argparse.Namespace) -> int:
    """Do what was asked; the exit code."""
    try:
        return pull(arguments) if arguments.action == "pull" else verify(arguments)
    except KeyboardInterrupt:
        print("transcription-runner: interrupted; a pull that is run again goes on where it stopped", file=sys.stderr)
        return INTERRUPTED


def pull_options(parser: argparse.ArgumentParser) -> None:
    """The arguments of `models pull`."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="large-v2, large-v3-turbo and so on; owner/name as on the Hugging Face hub; or a torchaudio bundle",
    )
    parser.add_argument("--align", default="", metavar="LANGUAGES", help="the usual alignment models of these, such as en,nl")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="where the models go")


def pull(arguments: argparse.Namespace) -> int:
    """Fetch each model; one that fails stops no other."""
    try:
        aligners = {language: aligner_of(language) for language in map(str.strip, arguments.align.split(",")) if language}
        sources = {name: source_of(name) for name in [*arguments.names, *aligners.values()]}
    except ValueError as error:
        print(f"transcription-runner: {error}", file=sys.stderr)
        return USAGE_ERROR
    if not sources:
        print("transcription-runner: name a model, or languages with --align", file=sys.stderr)
        return USAGE_ERROR
    failed: set[str] = set()
    for name, source in sources.items():
        try:
            fetched = fetch(name, source, arguments.to)
            print(f"{name}: {'fetched to' if fetched else 'already in'} {arguments.to / name}")
        except FetchError as error:
            failed.add(name)
            print(f"failed: {name}: {error}", file=sys.stderr)
    if there := {language: name for language, name in aligners.items() if name not in failed}:
        note_aligners(arguments.to / ALIGNERS_FILE, there)
    return FAILED if failed else 0


def note_aligners(file: Path, names: dict[str, str]) -> None:
    """Add to the file by which the runner finds a language's aligner; what it says of other languages stays."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    draft = file.with_name(f".{file.name}")
    draft.write_text(json.dumps({**known, **names}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(file)


def verify_options(parser: argparse.ArgumentParser) -> None:
    """The arguments of `models verify`."""
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="left out, those of TRANSCRIPTION_MODEL_PATH")


def verify(arguments: argparse.Namespace) -> int:
    """Check each model that has checksums, and name what is damaged, missing or unfinished."""
    folders = arguments.folders or folders_of_environment()
    models = sorted(path.parent for folder in folders for path in folder.rglob(CHECKSUMS_FILE))
    unfinished = sorted(path for folder in folders for path in folder.rglob(f"*{PARTIAL}") if path.is_dir())
    if not models and not unfinished:
        print(f"transcription-runner: no {CHECKSUMS_FILE} in {', '.join(map(str, folders)) or 'no folder'}", file=sys.stderr)
        return USAGE_ERROR
    failed = False
    for model in models:
        try:
            checksums = read_checksums(model)
            found = [f"{name} {fault}" for name, fault in faults(model, checksums, contents=True)] if checksums else []
        except ValueError as error:
            checksums, found = None, [str(error)]
        if checksums is not None and not found:
            size = sum(file.bytes for file in checksums.files.values())
            print(f"{model}: sound, {len(checksums.files)} files, {size / 1e6:,.1f} MB, from {checksums.source}")
        failed |= bool(found)
        for fault in found:
            print(f"damaged: {model}: {fault}", file=sys.stderr)
    for folder in unfinished:
        print(f"unfinished: {folder}: run the pull again", file=sys.stderr)
    return FAILED if failed or unfinished else 0
