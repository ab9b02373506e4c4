"""The store port against a real S3 server: what the runner relies on, and what each refusal is called."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.servers import Account
from transcription_runner.store.port import ObjectMissingError, ObjectRefusedError, StoreRefusedError, StoreUnavailableError
from transcription_runner.store.s3 import S3Store


@pytest.fixture
def store(account: Account) -> S3Store:
    return account.store()


@pytest.mark.parametrize(
    "key", ["a.wav", "x/y z/ñandú 空 👋.wav", "a+b&c=d?e#f.wav", "trailing dot.", "per%20cent.wav", "it's (1).wav"]
)
def test_any_key_comes_back_as_it_was(store: S3Store, bucket: Bucket, key: str, tmp_path: Path) -> None:
    store.put(bucket.name, key, b"content", "text/plain")
    assert [found.key for found in store.list(bucket.name, "")] == [key]
    assert store.get(bucket.name, key) == b"content"
    read = store.fetch(bucket.name, key, tmp_path / "file", 100)
    assert (tmp_path / "file").read_bytes() == b"content"
    assert read == store.stat(bucket.name, key) == next(store.list(bucket.name, ""))


def test_a_listing_is_complete_and_can_go_on_after_a_key(store: S3Store, bucket: Bucket) -> None:
    keys = [f"{number:04}" for number in range(1100)]
    bucket.put_many((key, b"x") for key in keys)
    assert [found.key for found in store.list(bucket.name, "")] == keys
    assert [found.key for found in store.list(bucket.name, "", start_after="1049")] == keys[1050:]
    assert [found.key for found in store.list(bucket.name, "109")] == keys[1090:]


def test_of_many_writers_one_wins(store: S3Store, bucket: Bucket) -> None:
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda number: store.put_if_absent(bucket.name, "claim", str(number).encode()), range(16)))
    assert created.count(True) == 1
    assert store.get(bucket.name, "claim") == str(created.index(True)).encode()
    assert "x-amz-meta-if-none-match" not in str(store._client.stat_object(bucket.name, "claim").metadata).lower()


def test_the_etag_changes_with_the_content(store: S3Store, bucket: Bucket) -> None:
    etags = set()
    for content in (b"1", b"2"):
        store.put(bucket.name, "a", content, "text/plain")
        etags.add(store.stat(bucket.name, "a").etag)
    assert len(etags) == 2


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(store: S3Store, bucket: Bucket) -> None:
    store.put(bucket.name, "a", b"1", "text/plain")
    store.delete(bucket.name, "a")
    store.delete(bucket.name, "a")
    for look in (store.get, store.stat):
        with pytest.raises(ObjectMissingError):
            look(bucket.name, "a")


@pytest.mark.parametrize("blocks", [0, 1, 13])
def test_a_stream_of_unknown_length_is_written_in_parts(store: S3Store, bucket: Bucket, blocks: int) -> None:
    def parts() -> Iterator[bytes]:
        yield b"start"
        for number in range(blocks):
            yield bytes([number]) * (1 << 20)

    store.put_stream(bucket.name, "long", parts, "application/json")
    assert bucket.get("long") == b"".join(parts())


def test_an_object_beyond_the_limit_is_not_fetched(store: S3Store, bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("big", b"x" * 1000)
    with pytest.raises(ObjectRefusedError) as caught:
        store.fetch(bucket.name, "big", tmp_path / "file", 999)
    assert caught.value.reason == "TooLarge"


@pytest.mark.parametrize("key", ["a/../b.wav", "x" * 1100, "y" * 300 + ".wav"], ids=["dots", "too-long", "long-name"])
def test_a_key_that_the_store_does_not_take_is_refused_by_name(store: S3Store, bucket: Bucket, key: str) -> None:
    with pytest.raises(ObjectRefusedError) as caught:
        store.put(bucket.name, key, b"content", "text/plain")
    assert caught.value.reason == "InvalidKey"


def test_a_missing_bucket_is_named(store: S3Store) -> None:
    with pytest.raises(StoreRefusedError) as caught:
        list(store.list("no-such-bucket-anywhere", ""))
    assert caught.value.reason == "BucketNotFound"
    assert "no-such-bucket-anywhere" in caught.value.message


@pytest.mark.parametrize("access_key", [None, "nobody"], ids=["wrong-secret", "unknown-user"])
def test_wrong_credentials_are_refused_and_the_secrets_keys_named(
    account: Account, bucket: Bucket, access_key: str | None
) -> None:
    store = S3Store(account.endpoint, access_key or account.access_key, "not-the-secret")
    with pytest.raises(StoreRefusedError) as caught:
        list(store.list(bucket.name, ""))
    assert caught.value.reason == "StorageAccessDenied"
    assert all(part in caught.value.message for part in ("accessKey", "secretKey", bucket.name, account.endpoint))


def test_a_store_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StoreUnavailableError):
        list(S3Store("http://127.0.0.1:9", "a", "b").list("bucket", ""))
