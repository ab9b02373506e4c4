"""Listing every object of a kind in the served namespaces, page by page, so that no more than a page is held at once."""

import logging
from collections.abc import Callable, Sequence

from transcription_operator.cluster import Cluster, Kind
from transcription_operator.hearing import Hearing
from transcription_operator.observed import Raw

log = logging.getLogger(__name__)


async def list_all(
    cluster: Cluster,
    kind: Kind,
    namespaces: Sequence[str],
    selector: str | None,
    see: Callable[[Raw], None],
    hearing: Hearing | None = None,
) -> tuple[set[str], str]:
    """Show every object of `kind` to `see`; no `namespaces`: in all of them. `hearing` learns what the watch should have told.

    An object that `see` cannot read is logged and left out. Returns the objects' uids and the resource version at which the list
    was true. Raises ApiError, UnreachableError.
    """
    uids: set[str] = set()
    newest: dict[str, int] = {}
    versions = []
    for namespace in namespaces or (None,):
        async for version, items in cluster.pages(kind, namespace, selector):
            versions.append(int(version))
            for item in items:
                metadata = item["metadata"]
                uids.add(metadata["uid"])
                where = metadata.get("namespace", "")
                newest[where] = max(newest.get(where, 0), int(metadata["resourceVersion"]))
                try:
                    see(item)
                except Exception:  # one object's trouble must not stop the others', nor the operator
                    log.exception("%s %s/%s cannot be read and is left out", kind.plural, where, metadata["name"])
    if hearing:
        hearing.listed(kind, newest)
    return uids, str(min(versions))
