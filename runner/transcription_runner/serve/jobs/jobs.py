"""The jobs of a service: made, looked at, awaited and deleted, without the event loop ever waiting for API server or store.

All methods raise Refusal, which says in the service's own words what went wrong; the log has the cause.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from transcription_api.source import Source
from transcription_runner.serve.answers import Body
from transcription_runner.serve.jobs.cluster import Cluster
from transcription_runner.serve.jobs.faults import (
    API_ERRORS,
    STORE_ERRORS,
    refusal_of_api,
    refusal_of_source,
    refusal_of_store,
    unknown,
)
from transcription_runner.serve.jobs.line import Line
from transcription_runner.serve.jobs.objects import Objects
from transcription_runner.serve.jobs.place import NAME, Place
from transcription_runner.serve.jobs.resource import transcription_job
from transcription_runner.serve.jobs.state import WAITING, Job, JobPhase, JobState, read, state_of
from transcription_runner.serve.jobs.threads import Threads
from transcription_runner.serve.parameters import Answer, Parameters
from transcription_runner.serve.places import Places
from transcription_runner.serve.refusals import STATUS_OF_FILES, Refusal
from transcription_runner.store.port import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

STREAMS = 64
"""Clients that follow a job at once: each has a watch at the API server."""
WATCH_SECONDS = 15
"""After so long a job is looked at again, though nobody told of a change: its position may be another."""


class Jobs:
    """Nothing of a job is kept here, so it is the same whichever process is asked."""

    def __init__(self, place: Place, cluster: Cluster, store: Store) -> None:
        self.place = place
        self.streams = Places(STREAMS)
        self.ending: Callable[[], bool] = lambda: False
        """Whether the service takes no more requests: whoever follows a job then has to come back to another process."""
        self._cluster, self._line, self._objects = cluster, Line(cluster), Objects(store, place)
        self._asking, self._watching = Threads("api-server", 8), Threads("watch", STREAMS)
        self._uploading, self._reading = Threads("upload", 4), Threads("store", 4)

    async def keep(self, path: Path, source: Source) -> None:
        """Put an upload into the store."""
        await self._stored(self._uploading, lambda: self._objects.keep(path, source))

    async def check(self, source: Source, most: int) -> None:
        """See that a recording which a request names is there, and of at most so many bytes."""
        await self._stored(self._reading, lambda: self._objects.check(source, most), refusal_of_source)

    async def create(self, name: str, source: Source, parameters: Parameters, owner: str | None) -> JobState:
        """Make the job. One of which nobody knows whether it was made is deleted."""
        resource = transcription_job(name, self._cluster.namespace, source, parameters, self.place, owner)
        try:
            made = await self._asked(self._asking, lambda: self._cluster.create(resource))
        except Refusal as refusal:
            if refusal.status == 503:
                await _tidied(self._asked(self._asking, lambda: self._cluster.delete(name)))
            raise
        job = read(made)
        if job is None:
            raise Refusal(500, "JobForbidden", "something in the cluster takes the service's label off its jobs")
        return await self.state(job)

    async def forget(self, name: str) -> None:
        """Delete what was stored for a job that is not made. What goes wrong with it is logged, and stops nobody."""
        await _tidied(self._removed(name))

    async def job(self, name: str, owner: str | None) -> Job:
        """A job by its name. Raises Refusal (JobNotFound) for one that is not there, or that another key made."""
        if not NAME.fullmatch(name):
            raise unknown()
        found = read(await self._asked(self._asking, lambda: self._cluster.get(name)))
        if found is None or not hmac.compare_digest((found.owner or "").encode(), (owner or "").encode()):
            raise unknown()
        return found

    async def state(self, job: Job) -> JobState:
        """How far it is. Its position is left out where it cannot be had: that is no reason to say nothing."""
        place: int | None = None
        if job.phase in WAITING:
            try:
                place = await self._asked(self._asking, lambda: self._line.position(job.name))
            except Refusal as refusal:
                log.warning("the position of jobs cannot be told: %s", refusal.message)
        return state_of(job, place)

    async def change(self, job: Job) -> None:
        """Returns once the job has changed, and after WATCH_SECONDS in any case."""
        await self._asked(self._watching, lambda: self._cluster.await_change(job.name, job.version, WATCH_SECONDS))

    async def delete(self, job: Job) -> None:
        """Delete the job, its upload and its transcripts. The job goes after them: while it is there, this can be asked again."""
        await self._removed(job.name)
        await self._asked(self._asking, lambda: self._cluster.delete(job.name, job.uid))
        await self.forget(job.name)  # what its pod wrote meanwhile

    async def transcript(self, job: Job, wanted: Answer) -> Body:
        """The transcript of a job that is over. Raises Refusal: JobNotOver, or why there is none."""
        if job.phase is JobPhase.SUCCEEDED:
            return await self._stored(self._reading, lambda: self._objects.transcript(job, wanted))
        if job.phase is not JobPhase.FAILED:
            message = f"the job is {job.phase}: /jobs/{job.name}/events tells when it is over"
            raise Refusal(409, "JobNotOver", message, retry_after=WATCH_SECONDS)
        raise _no_transcript(state_of(job, None))

    async def _removed(self, name: str) -> None:
        await self._stored(self._reading, lambda: self._objects.remove(name))

    async def _asked(self, threads: Threads, question: Callable[[], T]) -> T:
        try:
            return await threads.call(question)
        except API_ERRORS as error:
            refusal = refusal_of_api(error, self._cluster.namespace)
            if refusal.status >= 429:
                log.warning("the API server, asked for jobs: %s", error)
            raise refusal from None

    async def _stored(
        self, threads: Threads, work: Callable[[], T], meaning: Callable[[Exception], Refusal] = refusal_of_store
    ) -> T:
        try:
            return await threads.call(work)
        except STORE_ERRORS as error:
            refusal = meaning(error)
            if refusal.status >= 500:
                log.warning("the store, asked for what belongs to jobs: %s", error)
            raise refusal from None


async def _tidied(tidying: Awaitable[None]) -> None:
    try:
        await tidying
    except Refusal as refusal:
        if refusal.status != 404:
            log.warning("of a job that was not made, or is deleted, something may be left: %s", refusal.message)


def _no_transcript(state: JobState) -> Refusal:
    """Why a failed job has none: as whoever is answered at once would be told."""
    if not state.failures:
        return Refusal(500, state.reason or "JobFailed", state.message or "the job has failed")
    failure = state.failures[0]
    status = STATUS_OF_FILES.get(failure.reason, 500)
    return Refusal(min(status, 500), failure.reason, failure.message, "file")
