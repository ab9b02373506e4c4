"""Progress for people: sends the tally's report now and then, from a thread of its own. Never stops the work."""

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread

from transcription_api.status import ShardReport, Stage
from transcription_runner.batch.tally import Tally

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 3.0
"""Progress is sent at most this often; a change of stage at once."""
HEARTBEAT_SECONDS = 30.0
"""A report without news is sent this often."""
COMPLAINT_SECONDS = 300.0
"""A failure to send is logged once, and again after this long."""


class Reporter:
    """Knows the stage that the pod is in, and publishes `tally` with it."""

    def __init__(
        self, tally: Tally, publish: Callable[[ShardReport], None] | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `publish`, outside a cluster, stages are only logged."""
        self._tally = tally
        self._publish = publish
        self._now = now
        self._changed = Condition()
        self._stage, self._message = Stage.STARTING, ""
        self._waiting: str | None = None
        self._urgent, self._closed = True, False
        self._sent: tuple[float, ShardReport] | None = None
        self._complained = float("-inf")
        self._thread = Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def stage(self, stage: Stage, message: str = "") -> None:
        """Enter a stage."""
        with self._changed:
            if (stage, message) == (self._stage, self._message):
                return
            self._stage, self._message = stage, message
            self._urgent = True
            self._changed.notify()
        log.info("%s%s", stage, f": {message}" if message else "")

    def waiting_for_store(self, error: str | None) -> None:
        """The store does not answer (`error` says how), or answers again (None); the stage stands meanwhile."""
        with self._changed:
            news = (error is None) != (self._waiting is None)
            self._waiting = error
            if news:
                self._urgent = True
                self._changed.notify()
        if news:
            log.warning("%s", f"waiting for the store: {error}" if error else "the store answers again")

    def close(self, stage: Stage, message: str = "", patience_seconds: float = 3.0) -> None:
        """Send the last report and stop."""
        self.stage(stage, message)
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(patience_seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._urgent and not self._closed:
                    self._changed.wait(INTERVAL_SECONDS)
                urgent, closed = self._urgent, self._closed
                self._urgent = False
                stage, message = (Stage.WAITING_FOR_STORE, self._waiting) if self._waiting else (self._stage, self._message)
            self._send(self._tally.report(stage, message), urgent or closed)
            if closed:
                return

    def _send(self, shard: ShardReport, urgent: bool) -> None:
        if self._publish is None:
            return
        if self._sent is not None and not urgent:
            at, before = self._sent
            same = before == shard.model_copy(update={"last_update_time": before.last_update_time})
            if same and self._now() - at < HEARTBEAT_SECONDS:
                return
        try:
            self._publish(shard)
            self._sent = (self._now(), shard)
        except Exception as error:  # no API server, no permission, no such job: the transcripts matter more
            if self._now() - self._complained >= COMPLAINT_SECONDS:
                self._complained = self._now()
                log.warning("progress could not be reported (the work goes on): %s", str(error).strip().replace("\n", " ")[:500])
