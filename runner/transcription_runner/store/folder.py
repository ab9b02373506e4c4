"""A store in a local folder: one sub-folder for each bucket. For working without a cluster, and for tests."""

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from transcription_runner.store.port import ObjectInfo, ObjectMissingError, ObjectRefusedError, StoreRefusedError

PARTIAL = ".partial"
"""The suffix of files that are being written."""


class FolderStore:
    """Objects as files below `root`/bucket. A key's slashes are folders, so a key may not leave the bucket."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """See Store."""
        folder = self._bucket(bucket)
        parent = prefix.rpartition("/")[0]
        if any(part in ("", ".", "..") for part in parent.split("/")) and parent:
            return  # no key is like this
        paths = (path for path in (folder / parent).rglob("*") if path.is_file() and path.suffix != PARTIAL)
        for key in sorted(path.relative_to(folder).as_posix() for path in paths):
            if key.startswith(prefix) and key > start_after:
                with contextlib.suppress(ObjectMissingError):  # removed meanwhile
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
        self._partial(bucket, key, content).replace(self._path(bucket, key))

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """See Store."""
        self.put(bucket, key, b"".join(parts()), media_type)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """See Store."""
        partial = self._partial(bucket, key, content)
        try:
            self._path(bucket, key).hardlink_to(partial)
        except FileExistsError:
            return False
        finally:
            partial.unlink()
        return True

    def delete(self, bucket: str, key: str) -> None:
        """See Store."""
        self._path(bucket, key).unlink(missing_ok=True)

    def _bucket(self, bucket: str) -> Path:
        folder = self._root / bucket
        if not folder.is_dir():
            raise StoreRefusedError("BucketNotFound", f"there is no folder {folder}")
        return folder

    def _partial(self, bucket: str, key: str, content: bytes) -> Path:
        folder = self._path(bucket, key).parent
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{uuid4().hex}{PARTIAL}"
        partial.write_bytes(content)
        return partial

    def _path(self, bucket: str, key: str) -> Path:
        if key.startswith("/") or any(part in ("", ".", "..") for part in key.split("/")):
            raise ObjectRefusedError("InvalidKey", f"the key {key!r} is no path inside the bucket")
        return self._bucket(bucket) / key


def _info(key: str, content: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
