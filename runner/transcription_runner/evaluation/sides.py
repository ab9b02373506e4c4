"""Which files are transcripts and which are references, where both may lie in one folder.

A file is on one side alone, else a transcript would be compared with itself. Of one folder with both, JSON are the transcripts
and all others the references; of a folder inside the other, all files are what that folder was given for. The TXT and the TSV
that are written beside a transcript's JSON are no references.
"""

from collections.abc import Collection
from pathlib import Path

from transcription_runner.evaluation.readers import READERS, SEGMENT_TABLE, Recordings, read_json, read_text

TRANSCRIPT_SUFFIXES = (".json", ".rttm")

Files = list[tuple[str, Path]]
"""The name of each recording, which is its file's below the folder without the format's suffix, and the file's path."""


def two_sides(transcripts: Path, references: Path) -> tuple[Files, Files]:
    """The files to read below either input.

    Raises ValueError for an input that is not there, or a file (not one found in a folder) of an unknown format.
    """
    ours, theirs = files_below(transcripts, TRANSCRIPT_SUFFIXES), files_below(references, READERS)
    if references.is_dir():
        theirs = [(name, path) for name, path in theirs if not is_output(path)]
    shared = {path.resolve() for _, path in ours} & {path.resolve() for _, path in theirs}
    left, right = transcripts.resolve(), references.resolve()
    if left == right:
        of_references = {path for path in shared if path.suffix.lower() != ".json"}
    else:
        of_references = shared if left in right.parents else set()
    return _without(ours, of_references), _without(theirs, shared - of_references)


def _without(files: Files, left_out: Collection[Path]) -> Files:
    return [(name, path) for name, path in files if path.resolve() not in left_out]


def files_below(given: Path, suffixes: Collection[str]) -> Files:
    """Files of these suffixes; a job's own files (ledger, manifest) in a folder are passed over. Raises as `two_sides` does."""
    if not given.exists():
        raise ValueError(f"{given} does not exist")
    if not given.is_dir():
        if given.suffix.lower() not in suffixes:
            raise ValueError(f"{given} is of no known format; known are {', '.join(suffixes)}")
        return [(given.stem, given)]
    paths = sorted(path for path in given.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    names = [(path.relative_to(given), path) for path in paths]
    return [
        (name.with_suffix("").as_posix(), path)
        for name, path in names
        if not any(part.startswith(".") for part in name.parts) and not name.name.startswith("_manifest-")
    ]


def is_output(path: Path) -> bool:
    """Whether the file was written with a transcript's JSON: a TSV of segments, or a TXT that says just what the JSON says.

    A TXT that somebody has corrected says something else, and is a reference.
    """
    try:
        match path.suffix.lower():
            case ".tsv":
                with path.open(encoding="utf-8-sig") as file:
                    return file.readline().rstrip("\r\n") == SEGMENT_TABLE
            case ".txt":
                transcript = read_json(path.with_suffix(".json").read_text(encoding="utf-8-sig"))
                written = read_text(path.read_text(encoding="utf-8-sig"))
                return _words(written) == _words(transcript)
    except (OSError, ValueError):
        pass  # what cannot be read is named when it is read as a reference
    return False


def _words(recordings: Recordings) -> list[str]:
    return [word for speech in recordings.values() for word in (speech.text or "").split()]
