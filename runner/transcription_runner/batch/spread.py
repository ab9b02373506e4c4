"""Where each pod begins: all walk the same listing, and at the same place they would snatch every file from each other.

Of each page of the listing a pod begins with another part, by its index, and ends with the part before it. So it meets files of
others when they are done, which one look at the ledger tells; a file that is just being claimed costs four requests to lose.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

PAGE = 1_000


def spread(items: Iterable[T], share: float, page: int = PAGE) -> Iterator[T]:
    """All items, page by page, each page from the `share` of it (0 to 1, not 1 itself) on. With share 0 nothing is held."""
    if share == 0:
        yield from items
        return
    rest = iter(items)
    while part := list(islice(rest, page)):
        first = int(len(part) * share)
        yield from part[first:]
        yield from part[:first]
