"""The output folder: whether it can be written to, and writing a transcript's files whole or not at all."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from transcription_api.ledger import output_key
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.documents import documents


def prepare_folder(folder: Path) -> None:
    """Make the folder, and write into it once. Raises ValueError that says why it cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except OSError as error:
        raise ValueError(f"cannot write to the folder {folder}: {error.strerror}") from None


def write(folder: Path, name: str, transcript: Transcript, formats: list[Format], subtitles: Subtitles) -> None:
    """Write all formats of the source file `name`. Raises OSError.

    Each file is written under a temporary name and then renamed, and all are renamed after the last is written: whoever looks
    sees the old files or the new ones, and a full disk leaves the old ones.
    """
    drafts: dict[Path, Path] = {}
    try:
        for suffix, content in documents(transcript, formats, subtitles).items():
            target = folder / output_key("", name, suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
            drafts[draft] = target
            draft.write_bytes(content)
        for draft, target in drafts.items():
            draft.replace(target)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
