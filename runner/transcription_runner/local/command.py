"""`transcription-runner transcribe`: its arguments."""

import argparse
from pathlib import Path

from transcription_api.speech import Format
from transcription_runner.loading import loading_options
from transcription_runner.local.options import recipe_options


def transcribe_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Transcribes local audio and video files, and all such files in folders. A file x.wav becomes x.wav.json, x.wav.srt and "
        "so on in the output folder. Files that are there already, made by the same settings from the same file, are skipped. "
        "Exit codes: 0 all done, 1 a file failed (the others are done), 2 wrong arguments, 70 internal error or a device that "
        "failed, 78 the model or the device is not there, 130 interrupted."
    )
    parser.add_argument("audio", nargs="+", type=Path, metavar="AUDIO", help="files, or folders to search for known suffixes")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the transcripts go")
    parser.add_argument(
        "--formats", type=formats, default=list(Format), metavar="LIST", help=f"comma-separated; default: {','.join(Format)}"
    )
    parser.add_argument("--overwrite", action="store_true", help="transcribe anew what is there already, too")
    parser.add_argument("--timings", type=Path, metavar="FILE", help="write the seconds that each stage worked, as JSON")
    loading_options(parser)
    recipe_options(parser)


def formats(text: str) -> list[Format]:
    """The formats of a comma-separated list. Raises ArgumentTypeError for one that is not known."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in list(Format)]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"there are {', '.join(Format)}, not {', '.join(unknown) or 'nothing'}")
    return [Format(name) for name in dict.fromkeys(names)]
