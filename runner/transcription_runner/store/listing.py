"""One page of a listing (S3's ListObjectsV2), read from its XML.

minio-py reads owners, tags and versions of each object too, and takes nine times as long: ten seconds of CPU for 200,000 objects,
while the model is to be loaded.
"""

from dataclasses import dataclass
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from transcription_runner.store.port import ObjectInfo

Query = dict[str, str]


@dataclass(frozen=True)
class Page:
    """Objects in the store's order, and what to ask for the next page with: None after the last."""

    objects: list[ObjectInfo]
    following: Query | None


def first_page(prefix: str, start_after: str = "") -> Query:
    """What to ask for the first page with. Everything is said: some servers' policies look at what is left out."""
    query = {"list-type": "2", "encoding-type": "url", "delimiter": "", "max-keys": "1000", "prefix": prefix}
    return query | ({"start-after": start_after} if start_after else {})


def read_page(content: bytes, asked: Query) -> Page:
    """The page that answers `asked`. Raises ParseError or ValueError for an answer that is none."""
    root = ElementTree.fromstring(content)
    space, _, kind = root.tag.rpartition("}")
    if kind != "ListBucketResult":
        raise ValueError(f"a listing was expected, not {kind}")
    space += "}" if space else ""
    encoded = root.findtext(f"{space}EncodingType") == "url"
    objects = []
    for found in root.iterfind(f"{space}Contents"):
        fields = {field.tag: field.text or "" for field in found}
        key = fields.get(f"{space}Key", "")
        size, etag = int(fields.get(f"{space}Size") or 0), fields.get(f"{space}ETag", "").strip('"')
        objects.append(ObjectInfo(unquote_plus(key) if encoded else key, size, etag))
    if (root.findtext(f"{space}IsTruncated") or "").lower() != "true":
        return Page(objects, None)
    if token := root.findtext(f"{space}NextContinuationToken"):
        return Page(objects, first_page(asked["prefix"]) | {"continuation-token": token})
    if not objects:
        raise ValueError("a listing that goes on has neither objects nor a token")
    return Page(objects, asked | {"start-after": objects[-1].key})
