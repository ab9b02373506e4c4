"""Which transcript belongs to which reference: files read, and paired by name."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from transcription_runner.engine.decoding.suffixes import has_known_suffix
from transcription_runner.evaluation.readers import READERS
from transcription_runner.evaluation.sides import Files
from transcription_runner.evaluation.speech import Speech


@dataclass(frozen=True)
class Problem:
    """A file that could not be compared, and why."""

    file: str
    message: str


def gather(files: Files) -> tuple[dict[str, Speech], list[Problem]]:
    """What the files say, by recording name, and the files that could not be read."""
    found: dict[str, Speech] = {}
    problems: list[Problem] = []
    order = list(READERS)
    for name, path in sorted(files, key=lambda pair: (order.index(pair[1].suffix.lower()), pair[0])):
        try:
            recordings = READERS[path.suffix.lower()](path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
            problems.append(Problem(str(path), why))
            continue
        for recording, speech in recordings.items():
            key = recording or name
            found[key] = found[key].completed_by(speech) if key in found else speech
    return found, problems


def paired(transcripts: Collection[str], references: Collection[str]) -> list[tuple[str, str]]:
    """Names that belong together, in order: equal, or equal without the audio's suffix, or in their last part alone.

    A looser form counts only where it fits one transcript and one reference that have no closer partner.
    """
    pairs: list[tuple[str, str]] = []
    left, right = set(transcripts), set(references)
    for form in (str, _without_suffix, _last_part):
        ours, theirs = _by(form, left), _by(form, right)
        for name in ours.keys() & theirs.keys():
            if len(ours[name]) == len(theirs[name]) == 1:
                pairs.append((ours[name][0], theirs[name][0]))
        left -= {one for one, _ in pairs}
        right -= {other for _, other in pairs}
    return sorted(pairs)


def _by(form: Callable[[str], str], names: Collection[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for name in names:
        grouped[form(name)].append(name)
    return grouped


def _without_suffix(name: str) -> str:
    return name.rpartition(".")[0] if has_known_suffix(name) else name


def _last_part(name: str) -> str:
    return PurePosixPath(_without_suffix(name)).name
