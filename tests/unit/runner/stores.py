"""Stores that fail, or that are far away, around the real local one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import ObjectInfo, StoreUnavailableError


def folder_store(root: Path, *buckets: str) -> FolderStore:
    for bucket in buckets or ("calls",):
        (root / bucket).mkdir(parents=True)
    return FolderStore(root)


class FlakyStore(FolderStore):
    """Fails the calls that `fails` picks by their number, counted from 1. When `late`, a write has happened all the same."""

    def __init__(self, root: Path, fails: Callable[[int], bool], late: bool = False) -> None:
        super().__init__(root)
        self._fails, self._late = fails, late
        self.calls = 0

    def _maybe_fail(self) -> None:
        self.calls += 1
        if self._fails(self.calls):
            raise StoreUnavailableError("connection refused")

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        for found in super().list(bucket, prefix, start_after):
            self._maybe_fail()
            yield found

    def get(self, bucket: str, key: str) -> bytes:
        self._maybe_fail()
        return super().get(bucket, key)

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        return FolderStore(self._root).stat(bucket, key)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        if not self._late:
            self._maybe_fail()
            return super().put_if_absent(bucket, key, content)
        created = super().put_if_absent(bucket, key, content)
        self._maybe_fail()
        return created


class DistantStore(FolderStore):
    """Each call takes a round trip. Notes when calls begin and end: ("begin" or "end", method, key)."""

    def __init__(self, root: Path, round_trip_seconds: float = 0.0) -> None:
        super().__init__(root)
        self._round_trip = round_trip_seconds
        self.noted: list[tuple[str, str, str]] = []

    @contextmanager
    def _trip(self, method: str, key: str) -> Iterator[None]:
        self.noted.append(("begin", method, key))
        time.sleep(self._round_trip)
        yield
        self.noted.append(("end", method, key))

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        with self._trip("list", prefix):
            found = list(super().list(bucket, prefix, start_after))
        yield from found

    def get(self, bucket: str, key: str) -> bytes:
        with self._trip("get", key):
            return super().get(bucket, key)

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        return FolderStore(self._root).stat(bucket, key)

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        with self._trip("fetch", key):
            return FolderStore(self._root).fetch(bucket, key, target, limit)

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        with self._trip("put", key):
            super().put(bucket, key, content, media_type)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        with self._trip("put_if_absent", key):
            return super().put_if_absent(bucket, key, content)

    def delete(self, bucket: str, key: str) -> None:
        with self._trip("delete", key):
            super().delete(bucket, key)
