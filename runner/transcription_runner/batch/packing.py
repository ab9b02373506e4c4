"""Makes the packed ledger anew: entries that pass by while a manifest is written are gathered in a file and put as one object."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from transcription_api.ledger import Outcome
from transcription_runner.batch.ledger import Ledger, Written
from transcription_runner.batch.packed import PackedLedger, packed_line
from transcription_runner.store.port import ObjectRefusedError, Store, StoreRefusedError, StoreUnavailableError

log = logging.getLogger(__name__)

NEW_ENTRIES = 1_000
"""With so many entries that are not in the pack it is made anew; fewer are soon asked for, and a smaller source needs none."""
_BLOCK = 1 << 20


class Packing:
    """The next pack of one source. What goes wrong with it is no fault of the run: the next one asks for the entries."""

    def __init__(self, packed: PackedLedger, ledger: Ledger, path: Path) -> None:
        """Gathers in the file `path`."""
        self._packed, self._ledger, self._path = packed, ledger, path
        self._file: BinaryIO | None = None
        self._new = self._bytes = 0

    def begin(self) -> None:
        """From the beginning: the manifest is written, or has to be written once more."""
        self.close()
        self._new = self._bytes = 0
        with suppress(OSError):
            self._file = self._path.open("wb")

    def add(self, written: Written) -> None:
        """One more entry of the source. Of files that failed none is kept: the next run does them."""
        if self._file is None or written.entry.outcome is not Outcome.SUCCEEDED or b"\n" in written.content:
            return
        name = self._ledger.name(written.entry.key)
        self._new += not self._packed.has(name)
        line = packed_line(name, written.content)
        self._bytes += len(line)
        try:
            self._file.write(line)
        except OSError as error:
            log.warning("the ledger is not packed, since the scratch folder is full: %s", error.strerror)
            self.close()
        if self._bytes > self._packed.most_bytes:  # nobody would load it
            self.close()

    def put(self, store: Store) -> None:
        """Write the pack in place of the earlier one, if it is worth it, and end."""
        if self._file is None or self._new < NEW_ENTRIES:
            self.close()
            return
        try:
            self._file.close()
            store.put_stream(self._ledger.bucket, self._packed.key, self._parts, "text/plain")
        except (OSError, ObjectRefusedError, StoreRefusedError, StoreUnavailableError) as error:
            log.warning("the packed ledger could not be written; the next run does without: %s", error)
        self._file = None

    def close(self) -> None:
        """Gather no more."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _parts(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
