"""`transcription-runner evaluate`: transcripts against references; a table on standard output, JSON in a file."""

import argparse
import json
import sys
from pathlib import Path

from transcription_runner.evaluation.pairs import Problem, gather, paired
from transcription_runner.evaluation.report import measure, report, total
from transcription_runner.evaluation.sides import two_sides
from transcription_runner.evaluation.table import table

INCOMPLETE = 1
USAGE_ERROR = 2


def evaluate_options(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.description = (
        "Compares transcripts with references: errors in words and characters (WER, CER), in speakers (DER) and in the times of "
        "words. Files belong together by their names. Exit codes: 0 all compared, 1 a file had no partner or could not be read, "
        "2 wrong arguments."
    )
    parser.add_argument(
        "transcripts", type=Path, metavar="TRANSCRIPTS", help="a folder of transcript JSON (ours or whisperX's), or one file"
    )
    parser.add_argument(
        "references",
        type=Path,
        metavar="REFERENCES",
        help="a folder with files of the same names: .txt, .json, .rttm, .stm, .ctm; or one file, such as a .tsv of key and text",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report as JSON, too")
    parser.add_argument("--no-normalise", action="store_true", help="compare letter case and punctuation, too")


def evaluate(arguments: argparse.Namespace) -> int:
    """Compare all pairs; the exit code: 0, 1 when a file had no partner or could not be read, 2 for wrong arguments."""
    try:
        ours, theirs = two_sides(arguments.transcripts, arguments.references)
    except ValueError as error:
        print(f"transcription-runner: {error}", file=sys.stderr)
        return USAGE_ERROR
    transcripts, problems = gather(ours)
    references, more = gather(theirs)
    problems += more
    one_each = len(transcripts) == len(references) == 1 and arguments.transcripts.is_file() and arguments.references.is_file()
    pairs = [(*transcripts, *references)] if one_each else paired(transcripts, references)
    known = {name for pair in pairs for name in pair}
    problems += [Problem(name, "no reference is of this name") for name in sorted(transcripts.keys() - known)]
    problems += [Problem(name, "no transcript is of this name") for name in sorted(references.keys() - known)]
    normalised = not arguments.no_normalise
    measured = {ours: measure(transcripts[ours], references[theirs], normalised) for ours, theirs in pairs}
    if measured:
        print(table(measured, total(measured.values())))
    for problem in problems:
        print(f"not compared: {problem.file}: {problem.message}", file=sys.stderr)
    if not measured:
        print(f"transcription-runner: nothing in {arguments.transcripts} has a reference", file=sys.stderr)
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report(measured, problems, normalised), indent=2, ensure_ascii=False)
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return INCOMPLETE if problems or not measured else 0
