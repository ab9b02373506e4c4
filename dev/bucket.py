"""The store as the commands of `dev/` use it. Needs the `minio` package (dev/client.py), and S3_ENDPOINT, S3_ACCESS_KEY and
S3_SECRET_KEY in the environment.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio

FORMATS = ("json", "tsv", "txt", "vtt", "srt")


class Bucket:
    """One bucket, made if it is not there."""

    def __init__(self, name: str) -> None:
        endpoint = urlsplit(os.environ["S3_ENDPOINT"])
        keys = {"access_key": os.environ["S3_ACCESS_KEY"], "secret_key": os.environ["S3_SECRET_KEY"]}
        self.name = name
        self._client = Minio(endpoint.netloc, **keys, secure=endpoint.scheme == "https")
        if not self._client.bucket_exists(name):
            self._client.make_bucket(name)

    def put(self, key: str, file: Path) -> None:
        """Upload a file."""
        self._client.fput_object(self.name, key, str(file))

    def get(self, key: str) -> bytes:
        """What an object holds."""
        response = self._client.get_object(self.name, key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    def keys(self, prefix: str = "") -> set[str]:
        """The keys of all objects below a prefix."""
        return {str(item.object_name) for item in self._client.list_objects(self.name, prefix, recursive=True)}

    def remove(self, prefix: str) -> None:
        """Delete all objects below a prefix."""
        for key in self.keys(prefix):
            self._client.remove_object(self.name, key)
