"""An S3-compatible store (MinIO, versitygw, ...) through minio-py. Nothing here that only one server offers."""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException
from minio.helpers import check_bucket_name, check_object_name

from transcription_api.names import ENV_S3_CA_FILE, SECRET_CA
from transcription_runner.errors import ConfigurationError
from transcription_runner.store.answers import translated
from transcription_runner.store.listing import Query, first_page, read_page
from transcription_runner.store.port import ObjectInfo, ObjectRefusedError, StoreRefusedError, StoreUnavailableError

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
CONNECTIONS = 64
"""Kept open at most: a pod fetches 8 files and writes 8 at once, the outputs of each side by side."""
BLOCK_BYTES = 1 << 20
PART_BYTES = 5 << 20
"""Parts of an upload of unknown length: the least that S3 allows, and the most that is held."""


class S3Store:
    """One endpoint with one pair of credentials. A call is tried once; patience is `store.patience`'s matter.

    Raises ConfigurationError if S3_CA_FILE names a file without certificates.
    """

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        address = urlsplit(endpoint)
        self._endpoint = endpoint
        self._client = Minio(
            address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=address.scheme == "https",
            region=os.environ.get("AWS_REGION") or None,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                maxsize=CONNECTIONS,
                retries=False,
                ssl_context=_trust(os.environ.get(ENV_S3_CA_FILE, "")) if address.scheme == "https" else None,
            ),
        )

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """See Store. A page at a time is held; minio-py's public method is slow at reading them."""
        query: Query | None = first_page(prefix, start_after)
        while query is not None:
            parameters: dict[str, str | list[str] | tuple[str]] = {**query}
            with self._answers(bucket, prefix):
                page = read_page(self._client._execute("GET", bucket, query_params=parameters).data, query)
            yield from page.objects
            query = page.following

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """See Store."""
        with self._object(bucket, key):
            found = self._client.stat_object(bucket, key)
            return ObjectInfo(key, found.size or 0, found.etag or "")

    def get(self, bucket: str, key: str) -> bytes:
        """See Store."""
        with self._object(bucket, key):
            response = self._client.get_object(bucket, key)
            try:
                content: bytes = response.read()
                return content
            finally:
                response.close()
                response.release_conn()

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        """See Store. What is read is checked against the length that the store announced."""
        with self._object(bucket, key):
            response = self._client.get_object(bucket, key)
            try:
                announced = int(response.headers.get("content-length", "-1"))
                if announced > limit:
                    raise ObjectRefusedError("TooLarge", f"the object has {announced} bytes; at most {limit} are taken")
                size = 0
                with target.open("wb") as file:
                    for block in response.stream(BLOCK_BYTES):
                        size += file.write(block)
                        if size > limit:
                            raise ObjectRefusedError("TooLarge", f"the object has more than {limit} bytes")
                if announced >= 0 and size != announced:
                    raise StoreUnavailableError(f"{self._endpoint} sent {size} of {announced} bytes of {key!r}", reached=True)
                return ObjectInfo(key, size, response.headers.get("etag", "").strip('"'))
            finally:
                response.close()
                response.release_conn()

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        """See Store."""
        with self._object(bucket, key):
            self._client.put_object(bucket, key, BytesIO(content), len(content), content_type=media_type)

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """See Store. Short content goes as one request, long content in parts."""
        with self._object(bucket, key):
            self._client.put_object(
                bucket,
                key,
                cast(BinaryIO, _Reader(parts())),
                -1,
                content_type=media_type,
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """See Store. A conditional PUT; minio-py's public methods would turn the condition into user metadata."""
        headers: dict[str, str | list[str] | tuple[str]] = {"If-None-Match": "*", "Content-Type": "application/json"}
        try:
            with self._object(bucket, key):
                self._client._put_object(bucket, key, content, headers)
        except ObjectRefusedError as refused:
            if refused.reason in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def delete(self, bucket: str, key: str) -> None:
        """See Store."""
        with self._object(bucket, key):
            self._client.remove_object(bucket, key)

    @contextmanager
    def _object(self, bucket: str, key: str) -> Iterator[None]:
        """Around a call about one object, whose key is looked at first."""
        try:
            check_object_name(key)
        except ValueError as error:
            raise ObjectRefusedError("InvalidKey", f"the key {key!r} is not usable: {error}") from None
        with self._answers(bucket, key):
            yield

    @contextmanager
    def _answers(self, bucket: str, key: str) -> Iterator[None]:
        """Around a call. What the answer holds leaves neither in a message nor in a traceback."""
        try:
            check_bucket_name(bucket)
        except ValueError as error:
            raise StoreRefusedError("InvalidBucketName", f"{error}") from None
        try:
            yield
        except (MinioException, urllib3.exceptions.HTTPError, ValueError, ParseError) as error:
            # ValueError and ParseError: minio-py reads an answer that is none of a store.
            raise translated(error, self._endpoint, bucket, key) from None


def _trust(private: str) -> ssl.SSLContext:
    """Whose certificates are taken: the publicly known authorities' (or SSL_CERT_FILE's) and those in the file `private`, if any.

    It is a variable of its own: SSL_CERT_FILE would have model hubs checked by the store's authority alone.
    """
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
    if private:
        try:
            context.load_verify_locations(cafile=private)
        except OSError as error:
            why = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConfigurationError(
                "StoreCertificates",
                f"{private} ({ENV_S3_CA_FILE}) cannot be read: {why}. In a pod it is the key {SECRET_CA} of the Secret that the "
                "operator's storage.caSecret names, in this namespace.",
            ) from None
    return context


class _Reader:
    """A file-like view of an iterator of bytes, as minio-py wants it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._held = bytearray()

    def read(self, size: int = -1, *_: Any) -> bytes:
        while size < 0 or len(self._held) < size:
            part = next(self._parts, None)
            if part is None:
                size = len(self._held)
                break
            self._held += part
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
