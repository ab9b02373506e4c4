"""The packed ledger: a copy of a source's ledger entries in one object, so that a run over what is done need not ask for each.

A run over 200,000 files that are all done would ask its store 400,000 times for a small object, holding a GPU meanwhile. So who
writes a manifest also writes down the entries that it read (`packing.Packing`): one object for a source, a line for each entry,
which is its name and its content, byte for byte.

A copy grows old. So each line is believed only as far as the store confirms it: a listing of the ledger tells the ETag of every
entry as it is now, and a line whose content has another MD5 is not taken. What is not in the pack is asked for as ever, and so
is everything where ETags are no MD5, as with some encryption.

Of each confirmed entry 16 bytes are held; the lines stay in the scratch folder.
"""

import logging
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from hashlib import md5
from itertools import islice
from pathlib import Path
from threading import Event
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from transcription_api.ledger import Worker
from transcription_runner.batch.ledger import Ledger, Standing, Written, parsed, standing
from transcription_runner.batch.parallel import AT_ONCE, for_each
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.sources import SourceFile
from transcription_runner.store.port import ObjectInfo, ObjectMissingError, ObjectRefusedError, Store, StoreUnavailableError

log = logging.getLogger(__name__)

SHARE_OF_SCRATCH = 4
"""A pack may take one part in so many of the scratch budget."""
LARGEST_LEDGER = 20
"""With so many times the pack's entries the ledger is mostly that of other sources: to list it takes longer than it saves."""
FOLDERS = 256
"""Of the ledger, by the first two digits of the names; they are listed side by side."""
PAGE = 1_000
_LONGEST_LINE = 1 << 16
_BLOCK = 1 << 12
_Numbers = NDArray[np.uint64]


class PackedLedger:
    """The pack of one source, as far as it is confirmed; empty until it is loaded. Then safe to use from several threads."""

    def __init__(self, store: Store, ledger: Ledger, source_prefix: str, scratch: Scratch) -> None:
        """`store` should have little patience: what cannot be had of the pack is done without."""
        self._store, self._ledger, self._scratch = store, ledger, scratch
        self.key = ledger.packed_key(source_prefix)
        self._names, self._offsets = array("Q"), array("Q")
        self._lines: BinaryIO | None = None

    @property
    def most_bytes(self) -> int:
        """A larger pack is left alone: the scratch folder is for sound."""
        return self._scratch.budget // SHARE_OF_SCRATCH

    def __len__(self) -> int:
        return len(self._names)

    def load(self, stop: Event) -> None:
        """Fetch the pack, if there is one, and keep what the ledger's listing confirms. On `stop` nothing is kept."""
        path: Path | None = None
        try:
            size = self._store.stat(self._ledger.bucket, self.key).size
            path = self._scratch.reserve(size, stop) if size <= self.most_bytes else None
            if path is None:
                return
            self._store.fetch(self._ledger.bucket, self.key, path, size)
            names, digests, offsets = _read(path)
            confirmed = self._confirmed(names, digests, stop)
            self._names.frombytes(names[confirmed].tobytes())
            self._offsets.frombytes(offsets[confirmed].tobytes())
            self._lines = path.open("rb")
            log.info("the packed ledger has %d entries, of which %d are as they were", len(names), len(self))
        except ObjectMissingError:
            pass
        except (ObjectRefusedError, StoreUnavailableError, OSError, ValueError) as error:
            log.warning("the packed ledger %s is done without: %s", self.key, error)
        finally:
            if path is not None and not len(self):
                self._scratch.free(path)

    def done_before(self, file: SourceFile, recipe_hash: str, worker: Worker) -> Written | None:
        """The entry of an earlier run by which `file` is to be skipped; None if the ledger itself has to be asked."""
        written = self._written(self._ledger.name(file.key))
        skip = written is not None and standing(written.entry, file, recipe_hash, worker) is Standing.SKIP
        return written if skip else None

    def has(self, name: str) -> bool:
        """Whether the entry called `name` is in it, and confirmed."""
        return self._index(name) is not None

    def _written(self, name: str) -> Written | None:
        index = self._index(name)
        if index is None or self._lines is None:
            return None
        line = b""
        while b"\n" not in line and (more := os.pread(self._lines.fileno(), _BLOCK, self._offsets[index] + len(line))):
            line += more
        whose, _, content = line.partition(b"\n")[0].partition(b" ")
        return parsed(content) if whose == name.encode() else None

    def _index(self, name: str) -> int | None:
        number = _number(name)
        index = bisect_left(self._names, number)
        return index if index < len(self._names) and self._names[index] == number else None

    def _confirmed(self, names: _Numbers, digests: _Numbers, stop: Event) -> NDArray[np.bool_]:
        """Which entries are in the ledger as they are in the pack; none if it is not worth to look, or on `stop`."""
        found = np.zeros(len(names), np.bool_)
        useless = Event()
        most = LARGEST_LEDGER * (len(names) // FOLDERS + 1)

        def look(folder: int) -> None:
            entries, seen = self._store.list(self._ledger.bucket, self._ledger.folder(folder)), 0
            while page := list(islice(entries, PAGE)):
                seen += len(page)
                if seen > most or useless.is_set() or stop.is_set():
                    useless.set()
                    return
                _mark(found, names, digests, page)

        for_each(look, range(FOLDERS), AT_ONCE, useless.set, "packed")
        return np.zeros_like(found) if useless.is_set() else found


def _mark(found: NDArray[np.bool_], names: _Numbers, digests: _Numbers, listed: Iterable[ObjectInfo]) -> None:
    """Note in `found` which of the pack's entries, sorted by name, are among those `listed`, with the same content."""
    pairs = []
    for entry in listed:
        with suppress(ValueError):  # some other object, or an ETag that is no MD5
            pairs.append((_number(entry.key.rpartition("/")[2].removesuffix(".json")), _number(entry.etag)))
    if pairs and len(names):
        there, etags = np.array(pairs, np.uint64).T
        index = np.searchsorted(names, there).clip(max=len(names) - 1)
        found[index[(names[index] == there) & (digests[index] == etags)]] = True


def packed_line(name: str, content: bytes) -> bytes:
    """An entry's line in a pack."""
    return name.encode() + b" " + content + b"\n"


def _read(path: Path) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Of each line, by name: the number of the name, that of the content's MD5, and where it begins. Raises ValueError."""
    names, digests, offsets, offset = array("Q"), array("Q"), array("Q"), 0
    with path.open("rb") as lines:
        while line := lines.readline(_LONGEST_LINE):
            name, _, content = line.rstrip(b"\n").partition(b" ")
            names.append(_number(name.decode()))
            digests.append(int.from_bytes(md5(content, usedforsecurity=False).digest()[:8], "big"))
            offsets.append(offset)
            offset += len(line)
    columns = [np.frombuffer(column, np.uint64) for column in (names, digests, offsets)]
    order = np.argsort(columns[0], kind="stable")
    return columns[0][order], columns[1][order], columns[2][order]


def _number(hexadecimal: str) -> int:
    """The first eight bytes of a hash. Raises ValueError."""
    if len(hexadecimal) != 32:
        raise ValueError(f"{hexadecimal!r} is not 32 hexadecimal digits")
    return int.from_bytes(bytes.fromhex(hexadecimal)[:8], "big")
