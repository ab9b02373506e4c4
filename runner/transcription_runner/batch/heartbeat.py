"""The heartbeat: renews a pod's claims as long as it lives, so that no other pod takes its files over."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from transcription_runner.batch.claims import Claims
from transcription_runner.store.port import Store

log = logging.getLogger(__name__)

RENEWALS_IN_A_LEASE = 6


@contextmanager
def heartbeat(claims: Claims, store: Store, lease_seconds: float) -> Iterator[None]:
    """Renew `claims` while the block runs. `store` must not wait for long: a beat that fails is made up for by the next."""
    over = Event()

    def beat() -> None:
        while not over.wait(lease_seconds / RENEWALS_IN_A_LEASE):
            try:
                claims.renew(store)
            except Exception as error:  # a claim that is lost shows when the result is written
                log.debug("claims were not renewed: %s", error)

    Thread(target=beat, name="heartbeat", daemon=True).start()
    try:
        yield
    finally:
        over.set()
