"""The files that a user names, and those in the folders that a user names."""

from collections.abc import Iterator
from pathlib import Path

from transcription_runner.engine.decoding.suffixes import has_known_suffix


def input_files(inputs: list[Path]) -> Iterator[tuple[str, Path]]:
    """Name below the output folder and path of each input. Raises ValueError for what is missing or would be written twice."""
    seen: dict[str, Path] = {}
    for given in inputs:
        if not given.exists():
            raise ValueError(f"{given} does not exist")
        found = [(given.name, given)]
        if given.is_dir():
            paths = sorted(path for path in given.rglob("*") if path.is_file() and has_known_suffix(path.name))
            found = [(path.relative_to(given).as_posix(), path) for path in paths]
        for name, path in found:
            if name in seen and seen[name].resolve() != path.resolve():
                raise ValueError(f"{seen[name]} and {path} would write the same transcripts; give the folder that holds both")
            if name not in seen:
                seen[name] = path
                yield name, path
