"""checksums.json: size and SHA-256 of each file of a model, in the model's own folder.

It is written last. So a folder that has one was complete once, and what differs from it has been damaged since.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

CHECKSUMS_FILE = "checksums.json"


class ModelFile(BaseModel):
    """One file as it was fetched."""

    bytes: int
    sha256: str


class Checksums(BaseModel):
    """Where a model came from, and its files by their path below its folder."""

    source: str
    revision: str | None = None
    files: dict[str, ModelFile]


def checksums_of(folder: Path, source: str, revision: str | None) -> Checksums:
    """The checksums of all files that lie in a folder now."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS_FILE)
    files = {path.relative_to(folder).as_posix(): ModelFile(bytes=path.stat().st_size, sha256=sha256(path)) for path in paths}
    return Checksums(source=source, revision=revision, files=files)


def write_checksums(folder: Path, checksums: Checksums) -> None:
    """Write the file whole or not at all."""
    draft = folder / f".{CHECKSUMS_FILE}"
    with draft.open("w", encoding="utf-8") as file:
        file.write(checksums.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / CHECKSUMS_FILE)


def read_checksums(folder: Path) -> Checksums | None:
    """The folder's checksums, None where it has none. Raises ValueError for a file that is not what it should be."""
    try:
        return Checksums.model_validate_json((folder / CHECKSUMS_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise ValueError(f"{CHECKSUMS_FILE} is damaged: {error.errors()[0]['msg']}") from None


def faults(folder: Path, checksums: Checksums, contents: bool) -> Iterator[tuple[str, str]]:
    """(file, what is wrong with it) of each damaged file: missing, of another size, or, if `contents` is read too, changed."""
    for name, expected in checksums.files.items():
        path = folder / name
        if not path.is_file():
            yield name, "is missing"
        elif (size := path.stat().st_size) != expected.bytes:
            yield name, f"has {size} bytes instead of {expected.bytes}"
        elif contents and sha256(path) != expected.sha256:
            yield name, "has other contents than when it was fetched (SHA-256)"


def sha256(path: Path) -> str:
    """SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
