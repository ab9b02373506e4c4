"""The command line: `run` in a pod, and what a user does on local files. Heavy imports wait until they are needed."""

import argparse
import importlib.metadata
import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from transcription_api.languages import LANGUAGE_CODES
from transcription_api.names import CONFIG_FILE, CONFIG_FOLDER, ExitCode
from transcription_api.speech import ComputeType, Format, VadMethod
from transcription_runner.evaluation.command import evaluate, evaluate_options
from transcription_runner.models.command import models, models_options

DISTRIBUTION = "transcription-on-kubernetes"


def main() -> NoReturn:
    """Parse the arguments, do the work, and leave at once: native threads of the speech libraries are not waited for."""
    arguments = parser().parse_args()
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO if arguments.command == "run" else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("urllib3", "kubernetes", "matplotlib", "numba"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if arguments.command == "run":
        # As a container's first process it would not even be ended by the signal while the imports last.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(ExitCode.INTERRUPTED))
        from transcription_runner.batch.run import run

        code = int(run(arguments.config))
    elif arguments.command == "evaluate":
        code = evaluate(arguments)
    elif arguments.command == "models":
        code = models(arguments)
    else:
        from transcription_runner.local.transcribe import transcribe

        code = transcribe(arguments)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


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
    run = commands.add_parser(
        "run",
        help="work as one pod of a TranscriptionJob",
        description="Works as one pod of a TranscriptionJob: audio from the bucket in, transcripts out, as configured. "
        "Needs S3_ACCESS_KEY and S3_SECRET_KEY in the environment. Exit codes: 0 done, 69 store unavailable, 70 internal error, "
        "75 interrupted, 77 store refused, 78 wrong configuration.",
    )
    run.add_argument(
        "--config", type=Path, default=Path(CONFIG_FOLDER) / CONFIG_FILE, metavar="FILE", help="default: %(default)s"
    )
    run.add_argument("--verbose", action="store_true", help="log more")
    local = commands.add_parser(
        "transcribe",
        help="transcribe local files",
        description="Transcribes local audio and video files, and all such files in folders. A file x.wav becomes x.wav.json, "
        "x.wav.srt and so on in the output folder. A file that fails stops no other; the exit code is then 1.",
    )
    _transcribe_options(local)
    evaluate_options(commands.add_parser("evaluate", help="compare transcripts with references"))
    models_options(commands.add_parser("models", help="fetch models, and check them"))
    return top


def _transcribe_options(local: argparse.ArgumentParser) -> None:
    local.add_argument("audio", nargs="+", type=Path, metavar="AUDIO", help="files, or folders to search for known suffixes")
    local.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the transcripts go")
    local.add_argument("--formats", default=",".join(Format), metavar="LIST", help="comma-separated; default: %(default)s")
    local.add_argument("--timings", type=Path, metavar="FILE", help="write the seconds that each stage worked, as JSON")
    local.add_argument("--verbose", action="store_true", help="log more")
    model = local.add_argument_group("model")
    model.add_argument("--model", default="large-v2", help="a Whisper model by name, hub name or folder; default: %(default)s")
    model.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto", help="default: %(default)s")
    model.add_argument(
        "--compute-type",
        choices=list(ComputeType),
        type=ComputeType,
        metavar="TYPE",
        help="default: float16 on cuda, int8 on cpu",
    )
    model.add_argument("--batch-size", type=int, metavar="N", help="chunks recognised at once; default: what memory holds")
    speech = local.add_argument_group("speech")
    speech.add_argument(
        "--language", choices=LANGUAGE_CODES, metavar="CODE", help="such as en or es; left out, detected for each file"
    )
    speech.add_argument("--task", choices=("transcribe", "translate"), default="transcribe", help="translate writes English")
    speech.add_argument("--beam-size", type=int, default=5, metavar="N", help="1 is fastest; default: %(default)s")
    speech.add_argument("--initial-prompt", metavar="TEXT", help="taken as spoken before, to set style and spelling")
    speech.add_argument("--hotwords", metavar="WORDS", help="words to favour, separated by spaces")
    speech.add_argument("--suppress-numerals", action="store_true", help="write numbers as words")
    speech.add_argument(
        "--vad-method",
        choices=list(VadMethod),
        type=VadMethod,
        default=VadMethod.PYANNOTE,
        metavar="METHOD",
        help="pyannote or silero",
    )
    speech.add_argument(
        "--vad-onset", type=float, default=0.5, metavar="P", help="speech starts above this; default: %(default)s"
    )
    speech.add_argument(
        "--vad-offset", type=float, default=0.363, metavar="P", help="speech ends below this; default: %(default)s"
    )
    speech.add_argument("--chunk-size", type=int, default=30, metavar="SECONDS", help="longest chunk; default: %(default)s")
    words = local.add_argument_group("words, speakers and subtitles")
    words.add_argument("--no-align", action="store_true", help="no word times")
    words.add_argument("--align-model", metavar="NAME", help="the alignment model; left out, the usual one for each language")
    words.add_argument("--diarize", action="store_true", help="say who spoke")
    words.add_argument("--diarize-model", metavar="NAME", help="the diarization pipeline")
    words.add_argument("--min-speakers", type=int, metavar="N")
    words.add_argument("--max-speakers", type=int, metavar="N")
    words.add_argument(
        "--max-line-width", type=int, default=42, metavar="N", help="characters in a subtitle's line; default: %(default)s"
    )
    words.add_argument("--max-line-count", type=int, default=2, metavar="N", help="lines in a subtitle; default: %(default)s")
    words.add_argument("--highlight-words", action="store_true", help="underline each word as it is spoken")
