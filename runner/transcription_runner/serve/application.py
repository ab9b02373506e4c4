"""The application: routes for people and programs, and one shape for everything that goes wrong."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match

from transcription_runner.errors import TranscriptionError
from transcription_runner.serve.answers import body
from transcription_runner.serve.documented import DESCRIPTION, TRANSCRIBE, ErrorBody, answers, upload_form
from transcription_runner.serve.jobs.accepted import accepted
from transcription_runner.serve.jobs.routes import accepted_answer, job_routes
from transcription_runner.serve.live.routes import live_routes
from transcription_runner.serve.openai_routes import openai_routes
from transcription_runner.serve.page.routes import page_routes
from transcription_runner.serve.parameters import ALLOWED, Parameters, recipe_of
from transcription_runner.serve.refusals import Refusal, invalid, refusal_of
from transcription_runner.serve.request_log import NOBODY, RequestLog
from transcription_runner.serve.service import Service, misplaced
from transcription_runner.serve.state import ServiceState, state_of
from transcription_runner.serve.transcribing import transcribed, work_of
from transcription_runner.serve.writing import ALLOWED as ALLOWED_OF_FORMATS
from transcription_runner.serve.writing import FORMATS, writing_routes

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
OF_PAGES: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "DELETE"],
    "allow_headers": ["Authorization", "X-API-Key", "Content-Type"],
    "expose_headers": ["X-Request-Id", "Retry-After", "Location"],
}
"""What pages of other origins may do, where there are some that may."""


def application(service: Service, version: str) -> FastAPI:
    """All routes over one service. `/` and `/docs` need no other server."""
    app = FastAPIOffline(title="Transcription", version=version, description=DESCRIPTION, redoc_url=None)
    app.include_router(page_routes())
    app.include_router(_transcribe(service))
    app.include_router(writing_routes(service))
    app.include_router(openai_routes(service))
    app.include_router(live_routes(service))
    if service.jobs is not None:
        app.include_router(job_routes(service, service.jobs))
    app.include_router(_operations(service))
    for kind in (Refusal, TranscriptionError, RequestValidationError, HTTPException, ClientDisconnect):
        app.add_exception_handler(kind, _refused)
    app.add_middleware(RequestLog, metrics=service.metrics)
    if service.origins:
        app.add_middleware(CORSMiddleware, allow_origins=service.origins, **OF_PAGES)
    return app


def _transcribe(service: Service) -> APIRouter:
    routes = APIRouter(dependencies=[Depends(service.admitted)], tags=["transcription"])

    @routes.post(
        "/transcribe",
        summary="Transcribe a recording",
        description=TRANSCRIBE,
        response_class=Response,
        responses={**answers(), **accepted_answer()},
        openapi_extra=upload_form(),
    )
    async def transcribe(request: Request, parameters: Annotated[Parameters, Query()]) -> Response:
        recipe = recipe_of(parameters, service.served)
        if parameters.asynchronous or parameters.source is not None:
            return await accepted(request, service, parameters, recipe)
        async with service.upload(request, recipe) as upload:
            if upload.fields:
                raise misplaced(upload.fields)
            transcript = await transcribed(request, service.engine, work_of(upload, recipe, service.keys.client(request)))
        content, media_type = await run_in_threadpool(body, transcript, parameters.format)
        return Response(content, media_type=media_type)

    @routes.get(
        "/service",
        summary="What is loaded, what may be asked for, and how busy the service is",
        responses={401: {"model": ErrorBody, "description": "no valid API key"}},
    )
    async def state() -> ServiceState:
        return state_of(service)

    return routes


def _operations(service: Service) -> APIRouter:
    """For probes and Prometheus: no key is asked for, and nothing is told of requests but figures."""
    routes = APIRouter(tags=["operations"])

    def ended() -> str | None:
        try:
            service.engine.check()
        except Exception as error:
            return error.reason if isinstance(error, TranscriptionError) else "InternalError"
        return None

    dead: dict[int | str, dict[str, Any]] = {503: {"description": "The device has failed; the body is the reason, in one word."}}

    @routes.get(
        "/healthz",
        summary="Whether the process is of use: 503 once its device has failed, so that it is restarted",
        response_class=PlainTextResponse,
        responses=dead,
    )
    async def healthz() -> PlainTextResponse:
        reason = ended()
        return PlainTextResponse(reason or "ok", 503 if reason else 200)

    @routes.get(
        "/readyz",
        summary="Whether requests are taken: the model is loaded and warm, and the device works",
        response_class=PlainTextResponse,
        responses=dead,
    )
    async def readyz() -> PlainTextResponse:
        reason = ended()
        return PlainTextResponse(reason or "ok", 503 if reason else 200)

    @routes.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _refused(request: Request, error: Exception) -> Response:
    """The answer to every request that is not carried out."""
    if isinstance(error, ClientDisconnect):
        request.state.figures.hung_up = True
        return Response(status_code=NOBODY)
    refusal = _refusal(request, error)
    allowing = {"Allow": _methods(request)} if refusal.status == 405 else {}
    return JSONResponse(refusal.body(), refusal.status, {**allowing, **refusal.headers()})


def _methods(request: Request) -> str:
    """Those of an address, of all its routes: Starlette tells of the first alone."""
    scopes = [{**request.scope, "method": method} for method in METHODS]
    known = [one["method"] for one in scopes if any(route.matches(one)[0] is Match.FULL for route in request.app.routes)]
    return ", ".join(known)


def _refusal(request: Request, error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TranscriptionError):
        return refusal_of(error)
    if isinstance(error, RequestValidationError):
        route = getattr(request.scope.get("route"), "path", None)
        return invalid(error.errors(), ALLOWED_OF_FORMATS if route == FORMATS else ALLOWED)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return Refusal(404, "NotFound", "there is no such address here; /docs shows those that there are")
    return Refusal(405, "MethodNotAllowed", "this address is not asked in this way; /docs shows how")
