"""A store in a local folder: one sub-folder for each bucket. For working without a cluster, and for tests."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from transcription_runner.store.port import ObjectInfo, ObjectMissingError, ObjectRefusedError, StoreRefusedError


class FolderStore:
    """Objects as files below `root`/bucket. A key's slashes are folders, so a key may not leave the bucket."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """See Store."""
        folder = self._bucket(bucket)
        keys = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        for key in keys:
            if key.startswith(prefix) and key > start_after:
                yield self.stat(bucket, key)

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """See Store."""
        return _info(key, self.get(bucket, key))

    def get(self, bucket: str, key: str) -> bytes:
        """See Store."""
        try:
            return self._path(bucket, key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissingError(key) from None

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        """See Store."""
        info = self.stat(bucket, key)
        if info.size > limit:
            raise ObjectRefusedError("TooLarge", f"the object has {info.size} bytes; at most {limit} are taken")
        shutil.copyfile(self._path(bucket, key), target)
        return info

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        """See Store. The file appears whole or not at all."""
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{hashlib.sha256(key.encode()).hexdigest()[:16]}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """See Store."""
        self.put(bucket, key, b"".join(parts()), media_type)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """See Store."""
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def delete(self, bucket: str, key: str) -> None:
        """See Store."""
        self._path(bucket, key).unlink(missing_ok=True)

    def _bucket(self, bucket: str) -> Path:
        folder = self._root / bucket
        if not folder.is_dir():
            raise StoreRefusedError("BucketNotFound", f"there is no folder {folder}")
        return folder

    def _path(self, bucket: str, key: str) -> Path:
        if key.startswith("/") or any(part in ("", ".", "..") for part in key.split("/")):
            raise ObjectRefusedError("InvalidKey", f"the key {key!r} is no path inside the bucket")
        return self._bucket(bucket) / key


def _info(key: str, content: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
