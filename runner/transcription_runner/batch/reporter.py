"""Progress for people: sends the tally's report now and then, from a thread of its own. Never stops the work."""

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread

from transcription_api.report import ShardReport
from transcription_api.status import Stage
from transcription_runner.batch.reporting_pace import ReportingPace
from transcription_runner.batch.tally import Tally

log = logging.getLogger(__name__)

COMPLAINT_SECONDS = 300.0
"""A failure to send is logged once, and again after this long."""


class Reporter:
    """Knows the stage that the pod is in, and publishes `tally` with it at `pace`."""

    def __init__(
        self,
        tally: Tally,
        publish: Callable[[ShardReport], None] | None,
        pace: ReportingPace,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `publish`, outside a cluster, stages are only logged. What `publish` raises may have a `retry_after`."""
        self._tally = tally
        self._publish = publish
        self._pace = pace
        self._now = now
        self._changed = Condition()
        self._stage, self._message = Stage.STARTING, ""
        self._waiting: str | None = None
        self._closed = False
        self._due, self._not_before = now() + pace.after_news(), float("-inf")
        self._news = True
        self._sent: tuple[float, ShardReport] | None = None
        self._complained = float("-inf")
        self.failures = 0
        """Reports that were not taken."""
        self._thread = Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def stage(self, stage: Stage, message: str = "") -> None:
        """Enter a stage."""
        with self._changed:
            if (stage, message) == (self._stage, self._message):
                return
            self._stage, self._message = stage, message
            self._tell_soon()
        log.info("%s%s", stage, f": {message}" if message else "")

    def waiting_for_store(self, error: str | None) -> None:
        """The store does not answer (`error` says how), or answers again (None); the stage stands meanwhile."""
        with self._changed:
            news = (error is None) != (self._waiting is None)
            self._waiting = error
            if news:
                self._tell_soon()
        if news:
            log.warning("%s", f"waiting for the store: {error}" if error else "the store answers again")

    def close(self, stage: Stage, message: str = "", patience_seconds: float = 3.0) -> None:
        """Send the last report at once, whatever the pace, and stop."""
        self.stage(stage, message)
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(patience_seconds)

    def _tell_soon(self) -> None:
        """Under the lock: what changed is worth a report of its own, unless the server wants to be left alone."""
        if not self._news:
            self._news = True
            self._due = max(self._not_before, min(self._due, self._now() + self._pace.after_news()))
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (pause := self._due - self._now()) > 0:
                    self._changed.wait(pause)
                closed, news = self._closed, self._news
                self._news = False
                stage, message = (Stage.WAITING_FOR_STORE, self._waiting) if self._waiting else (self._stage, self._message)
            self._send(self._tally.report(stage, message), news or closed)
            if closed:
                return

    def _send(self, report: ShardReport, news: bool) -> None:
        pause = self._pace.interval
        if self._publish is not None and (news or self._is_new(report)):
            try:
                self._publish(report)
                self._sent = (self._now(), report)
                pause = self._pace.after_success()
            except Exception as error:  # no API server, no permission, no such pod: the transcripts matter more
                pause = self._pace.after_failure(getattr(error, "retry_after", None))
                self._complain(error)
                with self._changed:
                    self._not_before = self._now() + pause
        with self._changed:
            # A stage that was entered while this report was on its way is still to be told.
            self._due = self._now() + (min(pause, self._pace.after_news()) if self._news else pause)
            self._due = max(self._due, self._not_before)

    def _is_new(self, report: ShardReport) -> bool:
        if self._sent is None:
            return True
        at, before = self._sent
        same = before == report.model_copy(update={"last_update_time": before.last_update_time})
        return not same or self._now() - at >= self._pace.heartbeat

    def _complain(self, error: Exception) -> None:
        self.failures += 1
        if self._now() - self._complained >= COMPLAINT_SECONDS:
            self._complained = self._now()
            log.warning("progress could not be reported (the work goes on): %s", str(error).strip().replace("\n", " ")[:500])
