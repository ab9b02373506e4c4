"""Pages of a listing, as different servers write them."""

from xml.etree.ElementTree import ParseError

import pytest

from transcription_runner.store.folder import FolderStore
from transcription_runner.store.listing import first_page, read_page
from transcription_runner.store.port import ObjectInfo

S3 = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
ASKED = first_page("in/")


def page(inside: str, space: str = S3) -> bytes:
    return f'<?xml version="1.0"?>\n<ListBucketResult{space}><Name>calls</Name>{inside}</ListBucketResult>'.encode()


def one(key: str, size: int = 5) -> str:
    return f"<Contents><Key>{key}</Key><ETag>&#34;abc&#34;</ETag><Size>{size}</Size><Owner><ID>x</ID></Owner></Contents>"


@pytest.mark.parametrize("space", [S3, ""], ids=["with S3's namespace", "without"])
def test_objects_come_with_key_size_and_etag_in_the_order_given(space: str) -> None:
    read = read_page(page(one("in/b.wav") + one("in/a.wav", 0), space), ASKED)
    assert read.objects == [ObjectInfo("in/b.wav", 5, "abc"), ObjectInfo("in/a.wav", 0, "abc")]
    assert read.following is None


def test_keys_are_decoded_if_they_are_encoded_and_left_alone_if_not() -> None:
    encoded = one("in/a+b%2Bc%20%C3%B1.wav")
    assert read_page(page(f"<EncodingType>url</EncodingType>{encoded}"), ASKED).objects[0].key == "in/a b+c ñ.wav"
    assert read_page(page(encoded), ASKED).objects[0].key == "in/a+b%2Bc%20%C3%B1.wav"


def test_the_next_page_is_asked_for_by_the_token_or_where_there_is_none_after_the_last_key() -> None:
    more = "<IsTruncated>true</IsTruncated>"
    with_token = read_page(page(f"{more}<NextContinuationToken>t&amp;1</NextContinuationToken>{one('in/a')}"), ASKED)
    assert with_token.following == ASKED | {"continuation-token": "t&1"}
    assert read_page(page(more + one("in/a") + one("in/b")), ASKED).following == ASKED | {"start-after": "in/b"}
    later = read_page(page(f"{more}<NextContinuationToken>t</NextContinuationToken>"), first_page("in/", "in/a")).following
    assert later == ASKED | {"continuation-token": "t"}, "S3 takes one or the other"
    assert read_page(page(f"<IsTruncated>false</IsTruncated>{one('in/a')}"), ASKED).following is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<html>",
        page("<Contents><Key>a</Key><Size>many</Size></Contents>"),
        page("<IsTruncated>true</IsTruncated>"),
    ],
    ids=["nothing", "a page for people", "broken off", "a size that is no number", "on and on without an object"],
)
def test_what_is_no_page_is_refused(content: bytes) -> None:
    with pytest.raises((ParseError, ValueError)):
        read_page(content, ASKED)


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("", ["a.wav", "in/a.wav", "in/x/b.wav", "inner.wav"]),
        ("in", ["in/a.wav", "in/x/b.wav", "inner.wav"]),
        ("in/", ["in/a.wav", "in/x/b.wav"]),
        ("in/x/b", ["in/x/b.wav"]),
        ("nowhere/", []),
        ("in//", []),
        ("in/../", []),
        ("../store/calls/in/", []),
    ],
)
def test_a_store_in_a_folder_lists_by_prefix_as_s3_does(store: FolderStore, prefix: str, keys: list[str]) -> None:
    for key in ("a.wav", "in/a.wav", "in/x/b.wav", "inner.wav"):
        store.put("calls", key, b"sound", "")
    assert [found.key for found in store.list("calls", prefix)] == keys
