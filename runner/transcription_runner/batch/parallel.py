"""Doing the same to many things at once, in threads that wait for the store most of the time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 8
"""Calls to a store that are on their way at the same time, where nothing else bounds them."""


def for_each(
    work: Callable[[T], None], items: Iterable[T], threads: int, on_failure: Callable[[], None] | None = None, name: str = "work"
) -> None:
    """Call `work` for every item, at most `threads` at once, and return when all calls have ended.

    Items are taken one by one as threads become free, so `items` may be endless or wait. After a failure no further item is
    taken; `on_failure` is called at once, to end calls that wait, and the first failure is raised when all have ended.
    """
    source, lock = iter(items), Lock()
    ended: SimpleQueue[None] = SimpleQueue()
    failures: list[BaseException] = []

    def take_and_do() -> None:
        try:
            while True:
                with lock:
                    if failures:
                        return
                    try:
                        item = next(source)
                    except StopIteration:
                        return
                work(item)
        except BaseException as error:  # raised again in the caller's thread
            failures.append(error)
            if on_failure is not None:
                on_failure()
        finally:
            ended.put(None)

    for number in range(threads):
        Thread(target=take_and_do, name=f"{name}-{number}", daemon=True).start()
    for _ in range(threads):
        ended.get()
    if failures:
        raise failures[0]


def in_order(
    work: Callable[[T], R], items: Iterable[T], at_once: int = AT_ONCE, known: Callable[[T], R | None] = lambda _: None
) -> Iterator[tuple[T, R]]:
    """Each item with `work(item)`, in the order of `items`, computed a little ahead of whoever reads. Raises what `work` does.

    What `known` tells without waiting takes no thread.
    """
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="ahead")
    begun: deque[tuple[T, Callable[[], R]]] = deque()
    try:
        for item in items:
            told = known(item)
            begun.append((item, pool.submit(work, item).result if told is None else partial(_itself, told)))
            if len(begun) > at_once:
                first, result = begun.popleft()
                yield first, result()
        for first, result in begun:
            yield first, result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _itself(value: R) -> R:
    return value
