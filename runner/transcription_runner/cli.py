"""The command line: joins the commands, whose arguments are beside them. Heavy imports wait until they are needed."""

import argparse
import importlib.metadata
import logging
import os
import signal
import sys
from typing import NoReturn

from transcription_api.names import ExitCode
from transcription_runner.batch.command import run_options
from transcription_runner.check.command import check, check_options
from transcription_runner.evaluation.command import evaluate, evaluate_options
from transcription_runner.local.command import transcribe_options
from transcription_runner.models.command import models, models_options
from transcription_runner.serve.command import serve_options

DISTRIBUTION = "transcription-on-kubernetes"
LOG_LEVELS = ("debug", "info", "warning", "error")


def main() -> NoReturn:
    """Parse the arguments, do the work, and leave at once: native threads of the speech libraries are not waited for."""
    arguments = parser().parse_args()
    usual = "info" if arguments.command in ("run", "serve") else "warning"
    logging.basicConfig(
        level=(arguments.log_level or usual).upper(), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    for chatty in ("urllib3", "matplotlib", "numba"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        code = _code(arguments)
    except Exception:  # a fault of ours, that no command foresaw: told whole, and the code says that it is ours
        logging.getLogger(__name__).exception("internal error in the command %s", arguments.command)
        code = int(ExitCode.INTERNAL)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code(arguments: argparse.Namespace) -> int:
    """Carry out the command; its exit code."""
    if arguments.command == "run":
        _end_at(signal.SIGTERM)
        from transcription_runner.batch.run import run

        return int(run(arguments.config))
    if arguments.command == "serve":
        _end_at(signal.SIGTERM, signal.SIGINT)
        from transcription_runner.serve.serve import serve

        return serve(arguments, _version())
    if arguments.command == "transcribe":
        from transcription_runner.local.transcribe import transcribe

        return transcribe(arguments)
    return {"check": check, "evaluate": evaluate, "models": models}[arguments.command](arguments)


def _end_at(*signals: signal.Signals) -> None:
    """End at once. As a container's first process it would not even be ended by the signal while the imports last."""
    for number in signals:
        signal.signal(number, lambda *_: os._exit(ExitCode.INTERRUPTED))


def _version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "(version unknown: the package is used without being installed)"


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="transcription-runner", description="Turns audio into transcripts with WhisperX: json, tsv, txt, vtt and srt files."
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary, options in (
        ("run", "work as one pod of a TranscriptionJob", run_options),
        ("transcribe", "transcribe local files", transcribe_options),
        ("serve", "serve a model over HTTP", serve_options),
        ("check", "check this machine: device, models, words and speed, on one page", check_options),
        ("evaluate", "compare transcripts with references", evaluate_options),
        ("models", "fetch models, and check them", models_options),
    ):
        command = commands.add_parser(name, help=summary)
        for leaf in options(command) or [command]:
            _log_options(leaf)
    return top


def _log_options(parser: argparse.ArgumentParser) -> None:
    """How much is logged to standard error."""
    group = parser.add_argument_group("log")
    group.add_argument("--log-level", choices=LOG_LEVELS, help="default: info for run and serve, warning for the others")
    group.add_argument("--verbose", action="store_const", const="debug", dest="log_level", help="the same as --log-level debug")
