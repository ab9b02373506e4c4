"""The port: the few things that the runner asks of an object store, and the ways in which a store says no."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ObjectInfo:
    """One object, as listed or as looked up. `size` is bytes; `etag` changes whenever the content does."""

    key: str
    size: int
    etag: str


class StoreUnavailableError(Exception):
    """The store did not answer, or answered that it cannot now. Trying again makes sense."""

    def __init__(self, message: str, *, reached: bool = False) -> None:
        """`reached`: an object store did answer, though it cannot now."""
        super().__init__(message)
        self.reached = reached


class StoreUnreachableError(StoreUnavailableError):
    """Nothing that answers as an object store does was ever met where the store should be."""


class StoreRefusedError(Exception):
    """The store answered no to everything: wrong credentials, or no such bucket. Trying again makes no sense."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class ObjectMissingError(Exception):
    """There is no such object."""


class ObjectRefusedError(Exception):
    """The store will not do this with this one object, for example since its key is not allowed."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Store(Protocol):
    """An object store.

    Every method may raise StoreUnavailableError and StoreRefusedError; those that name a key also ObjectRefusedError.
    """

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key starts with `prefix` and comes after `start_after`, in the store's order, as a stream."""

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """Look an object up. Raises ObjectMissingError."""

    def get(self, bucket: str, key: str) -> bytes:
        """The content of a small object. Raises ObjectMissingError."""

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        """Copy an object to a local file; the result tells what was read.

        Raises ObjectMissingError, and ObjectRefusedError (reason TooLarge) beyond `limit` bytes.
        """

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        """Write an object, whatever was there."""

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """Write an object of unknown length; `parts` starts the content anew if it has to be sent again."""

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """Write an object unless there is one: False when there was. Of several writers one wins."""

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; one that is not there is no error."""
