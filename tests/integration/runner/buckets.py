"""A bucket as a test uses it: put sound in, look what came out."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Any

from minio import Minio
from minio.commonconfig import SnowballObject
from minio.deleteobjects import DeleteObject

from transcription_api.ledger import LedgerEntry
from transcription_api.manifest import Manifest


class Bucket:
    """One bucket of a store, through minio-py directly: the test's own eyes, not the runner's."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, name: str) -> None:
        self.endpoint, self.name = endpoint, name
        secure = endpoint.startswith("https://")
        self._client = Minio(endpoint.partition("://")[2], access_key=access_key, secret_key=secret_key, secure=secure)

    def make(self) -> None:
        self._client.make_bucket(self.name)

    def remove(self) -> None:
        self.remove_below("")
        self._client.remove_bucket(self.name)

    def remove_below(self, prefix: str) -> None:
        doomed = (DeleteObject(key) for key in self.keys(prefix))
        assert not list(self._client.remove_objects(self.name, doomed))

    def put(self, key: str, content: bytes) -> None:
        self._client.put_object(self.name, key, BytesIO(content), len(content))

    def put_many(self, contents: Iterable[tuple[str, bytes]], together: int = 1000) -> None:
        """Very many small objects, in archives which MinIO unpacks: hundreds of times as fast as one by one."""
        rest = iter(contents)
        with ThreadPoolExecutor(2) as pool:
            while sent := [pool.submit(self._put_archive, part) for _ in range(4) if (part := list(islice(rest, together)))]:
                for one in sent:
                    one.result()

    def _put_archive(self, contents: list[tuple[str, bytes]]) -> None:
        objects = [SnowballObject(key, data=BytesIO(content), length=len(content)) for key, content in contents]
        self._client.upload_snowball_objects(self.name, objects)

    def delete(self, key: str) -> None:
        self._client.remove_object(self.name, key)

    def get(self, key: str) -> bytes:
        response = self._client.get_object(self.name, key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    def keys(self, prefix: str = "") -> list[str]:
        return [found.object_name or "" for found in self._client.list_objects(self.name, prefix=prefix, recursive=True)]

    def dates(self, prefix: str = "") -> dict[str, datetime]:
        found = self._client.list_objects(self.name, prefix=prefix, recursive=True)
        return {one.object_name or "": one.last_modified for one in found if one.last_modified}

    def outputs(self, prefix: str = "out/") -> set[str]:
        """What was written, but for ledger and manifest."""
        return {key for key in self.keys(prefix) if "/.ledger/" not in key and "/_manifest-" not in key}

    def claims(self, prefix: str = "out/") -> list[str]:
        return self.keys(f"{prefix}.ledger/claims/")

    def entries(self, prefix: str = "out/") -> dict[str, LedgerEntry]:
        keys = [key for key in self.keys(f"{prefix}.ledger/") if key.endswith(".json")]
        found = [LedgerEntry.model_validate_json(self.get(key)) for key in keys]
        assert len({entry.key for entry in found}) == len(found)
        return {entry.key: entry for entry in found}

    def manifest(self, job: str = "calls", prefix: str = "out/") -> Manifest:
        return Manifest.model_validate_json(self.get(f"{prefix}_manifest-{job}.json"))

    def transcript(self, key: str, prefix: str = "out/") -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.get(f"{prefix}{key}.json"))
        return loaded
