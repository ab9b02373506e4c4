"""`transcription-runner check`: its arguments, and from them to one page or JSON and an exit code."""

import argparse
import json
import logging
import sys

from transcription_api.names import ExitCode
from transcription_runner.errors import ConfigurationError, TranscriptionError
from transcription_runner.loading import check_loading, in_words_of_options, loading_options, placed
from transcription_runner.models.folders import model_name

log = logging.getLogger(__name__)

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130
"""As shells report an end by Ctrl-C."""


def check_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Checks the machine, or the pod, in which it runs: the device and its driver; each model, its size and the memory that "
        "it takes; a known clip of speech through every stage; the speed at each batch size, and which batch size to take. "
        "Writes one page to paste into a ticket. Exit codes: 0 passed, 1 failed, 2 wrong arguments, 78 the model or the device "
        "is not there."
    )
    loading_options(parser)
    parser.add_argument("--align-model", metavar="NAME", help="the alignment model; left out, the usual one for English")
    parser.add_argument(
        "--diarize-model", metavar="NAME", help="the diarization pipeline; left out, the usual one if it is there"
    )
    parser.add_argument("--no-speed", action="store_true", help="leave out the measurement of speed, which takes minutes")
    parser.add_argument("--json", action="store_true", help="write JSON instead of the page")


def check(arguments: argparse.Namespace) -> int:
    """Check this machine; the exit code."""
    try:
        check_loading(arguments)
        align_model, diarize_model = (name and model_name(name) for name in (arguments.align_model, arguments.diarize_model))
    except ValueError as error:
        print(f"transcription-runner: {error}", file=sys.stderr)
        return USAGE_ERROR
    try:
        what = placed(arguments)
        from transcription_runner.check.judgement import advised_batch_size, findings
        from transcription_runner.check.machine import this_machine
        from transcription_runner.check.measure import Measured, measure_models, measure_speed
        from transcription_runner.check.page import page
        from transcription_runner.check.report import Finding, Report

        machine, measured, broken = this_machine(what.device, what.device_index, what.threads), Measured(), None
        try:
            measure_models(what, align_model, diarize_model, measured, _tell)
            if not arguments.no_speed:
                measure_speed(what, align_model, measured, _tell)
        except Exception as error:  # a GPU's fault may come as any exception of the libraries; the page tells it
            log.debug("the check broke off", exc_info=error)
            broken = error
    except ConfigurationError as error:
        print(f"transcription-runner: {error.reason}: {in_words_of_options(error.message)}", file=sys.stderr)
        return int(ExitCode.CONFIGURATION)
    except KeyboardInterrupt:
        print("transcription-runner: interrupted", file=sys.stderr)
        return INTERRUPTED
    found = findings(machine, measured.models, measured.words, measured.speeds)
    if broken is not None:
        found.insert(0, Finding(_told(broken), failed=True))
    report = Report(
        device=what.device,
        compute_type=str(what.model.compute_type),
        machine=machine,
        models=measured.models,
        words=measured.words,
        speeds=measured.speeds,
        advised_batch_size=advised_batch_size(measured.speeds),
        findings=found,
    )
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n" if arguments.json else page(report)
    sys.stdout.write(text)
    if isinstance(broken, ConfigurationError):
        return int(ExitCode.CONFIGURATION)
    return 0 if report.passed else FAILED


def _told(error: Exception) -> str:
    """What broke the check off."""
    if isinstance(error, TranscriptionError):
        return f"{error.reason}: {in_words_of_options(error.message)}"
    return f"{type(error).__name__}: {error}"


def _tell(step: str) -> None:
    print(f"check: {step} …", file=sys.stderr)
