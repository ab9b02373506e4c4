"""`/jobs/{name}`: how far a job is, its events, its transcript, and its end."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from transcription_runner.serve.documented import ErrorBody
from transcription_runner.serve.events import EventStream
from transcription_runner.serve.jobs.events import job_events
from transcription_runner.serve.jobs.faults import unknown
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.state import Job, JobState
from transcription_runner.serve.parameters import Answer
from transcription_runner.serve.refusals import LONGEST_NAME, Refusal
from transcription_runner.serve.service import Service

ERRORS = {
    401: "no valid API key",
    404: "no such job, or another key's",
    429: "too many ask: again after `Retry-After` seconds",
    500: "the cluster or the store refuses the service something: `code` and `message` say what",
    503: "the cluster's API server or the store does not answer: again after `Retry-After` seconds",
}
WANTED = "How the transcript is written; all is one JSON object with the five."


def accepted_answer() -> dict[int | str, dict[str, Any]]:
    """What `POST /transcribe` answers with async=true, beside what it answers otherwise."""
    location = {"Location": {"description": "The job's address.", "schema": {"type": "string"}}}
    return {202: {"model": JobState, "description": "With async=true: the job that was made.", "headers": location}}


def job_routes(service: Service, jobs: Jobs) -> APIRouter:
    """The routes of a service that has jobs."""
    routes = APIRouter(dependencies=[Depends(service.admitted)], tags=["jobs"], responses=_errors())

    async def known(request: Request, name: str) -> Job:
        return await jobs.job(name, service.keys.mark(request.headers, name))

    @routes.get("/jobs/{name}", summary="How far a job is", dependencies=[Depends(_only())])
    async def look(request: Request, name: str) -> JobState:
        return await jobs.state(await known(request, name))

    @routes.get(
        "/jobs/{name}/events",
        summary="The same as server-sent events, with each change, until the job is over",
        dependencies=[Depends(_only())],
        response_class=Response,
        responses={200: {"description": "Each event is the whole state.", "content": {"text/event-stream": {}}}},
    )
    async def follow(request: Request, name: str) -> Response:
        async with AsyncExitStack() as held:
            held.enter_context(jobs.streams.place(service.keys.client(request)))
            job = await known(request, name)
            return EventStream(job_events(request, jobs, job, await jobs.state(job)), held.pop_all())

    @routes.get(
        "/jobs/{name}/transcript",
        summary="The transcript of a job that is over",
        dependencies=[Depends(_only("format"))],
        response_class=Response,
        responses=_transcripts(),
    )
    async def transcript(
        request: Request, name: str, wanted: Annotated[Answer, Query(alias="format", description=WANTED)] = Answer.JSON
    ) -> Response:
        content, media_type = await jobs.transcript(await known(request, name), wanted)
        return Response(content, media_type=media_type)

    @routes.delete(
        "/jobs/{name}",
        summary="Cancel a job, or delete one that is over, with its upload and its transcripts",
        dependencies=[Depends(_only())],
        status_code=204,
        response_class=Response,
    )
    async def delete(request: Request, name: str) -> Response:
        await jobs.delete(await known(request, name))
        return Response(status_code=204)

    return routes


def _only(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses every parameter but these: a misspelt one would pass for its default."""

    async def check(request: Request) -> None:
        for name in request.query_params:
            if name not in names:
                known = f"; there is {', '.join(names)}" if names else ""
                short = name[:LONGEST_NAME]
                raise Refusal(422, "InvalidParameter", f"there is no parameter {short!r} here{known}", short, names or None)

    return check


def _errors() -> dict[int | str, dict[str, Any]]:
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorBody, "description": words} for status, words in ERRORS.items()
    }
    errors[404]["content"] = {"application/json": {"example": unknown().body()}}
    return errors


def _transcripts() -> dict[int | str, dict[str, Any]]:
    return {
        409: {"model": ErrorBody, "description": "The job is not over."},
        413: {"model": ErrorBody, "description": "There is none: the sound was too long."},
        415: {"model": ErrorBody, "description": "There is none: what was sent is no sound."},
        422: {"model": ErrorBody, "description": "A parameter, or there is none: the sound is damaged, or there is none in it."},
    }
