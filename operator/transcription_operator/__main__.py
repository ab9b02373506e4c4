"""Starts the operator: `transcription-operator --config FILE`, or `python -m transcription_operator`."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from transcription_operator.cluster import NoClusterError
from transcription_operator.logs import log_to_stderr
from transcription_operator.program import run
from transcription_operator.settings import SettingsError, load_settings

CONFIG_VARIABLE = "TRANSCRIPTION_OPERATOR_CONFIG"
DEFAULT_CONFIG = "/etc/transcription-operator/config.yaml"


def main() -> None:
    """The command. Exits with 0 after SIGTERM, 1 after a failure, 2 with a wrong configuration."""
    parser = argparse.ArgumentParser(description="Runs TranscriptionJobs as Kubernetes Jobs.")
    default = os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG)
    parser.add_argument("--config", type=Path, default=Path(default), help=f"settings file (default: {default})")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.config)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    log_to_stderr(settings.log_level, settings.log_format)
    try:
        asyncio.run(run(settings))
    except asyncio.CancelledError:
        pass  # by SIGTERM before kopf was there to take it
    except NoClusterError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
