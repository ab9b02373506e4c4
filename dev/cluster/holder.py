"""Whose cluster runs on this machine: ports, bridge and control group are the machine's, so only one checkout can have them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.cluster import processes
from dev.cluster.places import HOLDER, REPOSITORY, RUN
from dev.cluster.progress import Stop


@contextmanager
def alone() -> Iterator[None]:
    """Keep every other `python3 -m dev.cluster` on this machine waiting meanwhile."""
    path = RUN.with_suffix(".lock")
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(f"another command on the dev cluster is at work ({lock.read().strip()}); waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"of {REPOSITORY}")
        lock.flush()
        yield


def check() -> None:
    """Raises Stop when another checkout's cluster runs."""
    other = holder()
    if other is not None and other != REPOSITORY and processes.running(other):
        raise Stop(
            f"the dev cluster of another checkout runs on this machine: {other}\n"
            f"Both would use the same ports. Stop that one first:  make -C {other} down"
        )


def take() -> None:
    """Write down that the cluster is this checkout's."""
    RUN.mkdir(parents=True, exist_ok=True)
    HOLDER.write_text(f"{REPOSITORY}\n")


def holder() -> Path | None:
    """The checkout whose cluster ran last, None when that was stopped."""
    return Path(HOLDER.read_text().strip()) if HOLDER.exists() else None
