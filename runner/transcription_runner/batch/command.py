"""`transcription-runner run`: its arguments."""

import argparse
from pathlib import Path

from transcription_api.names import CONFIG_FILE, CONFIG_FOLDER


def run_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Works as one pod of a TranscriptionJob: audio from the bucket in, transcripts out, as configured. "
        "Needs S3_ACCESS_KEY and S3_SECRET_KEY in the environment. Exit codes: 0 done, 69 store unavailable, 70 internal error, "
        "75 interrupted, 77 store refused, 78 wrong configuration."
    )
    parser.add_argument(
        "--config", type=Path, default=Path(CONFIG_FOLDER) / CONFIG_FILE, metavar="FILE", help="default: %(default)s"
    )
