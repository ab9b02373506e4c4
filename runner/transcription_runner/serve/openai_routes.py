"""OpenAI's audio API over the same engine: `/v1/audio/transcriptions`, `/v1/audio/translations`, `/v1/models`."""

from contextlib import AsyncExitStack
from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from transcription_api.speech import Format
from transcription_runner.formats.documents import MEDIA_TYPES
from transcription_runner.serve.documented import ErrorBody, refused, upload_form
from transcription_runner.serve.events import EventStream, events
from transcription_runner.serve.openai_answers import body
from transcription_runner.serve.openai_fields import TranscriptionFields, TranslationFields, fields_of, recipe_of
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.service import Service
from transcription_runner.serve.transcribing import transcribed, work_of

NOT_LOADED: dict[str, Any] = {"model": ErrorBody, "description": "Another one is; `allowed` says which."}
UNKNOWN: dict[str, Any] = {"model": ErrorBody, "description": "no valid API key"}
EVENTS = "text/event-stream"


def openai_routes(service: Service) -> APIRouter:
    """The routes; errors are those of all routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(service.admitted)], tags=["OpenAI's API"])

    async def answer(request: Request, kind: type[TranslationFields]) -> Response:
        async with AsyncExitStack() as held:
            upload = await held.enter_async_context(service.upload(request))
            fields = fields_of(upload.fields, kind)
            recipe = recipe_of(fields, service.served)
            await service.prepare(recipe)
            work = work_of(upload, recipe, service.keys.client(request))
            if fields.stream:
                return EventStream(events(request, service.engine, work), held.pop_all())
            transcript = await transcribed(request, service.engine, work)
        content, media_type = await run_in_threadpool(body, transcript, fields)
        return Response(content, media_type=media_type)

    @routes.post("/audio/transcriptions", summary="Transcribe, as OpenAI's API does", **_documented(TranscriptionFields))
    async def transcriptions(request: Request) -> Response:
        return await answer(request, TranscriptionFields)

    @routes.post("/audio/translations", summary="Translate into English, as OpenAI's API does", **_documented(TranslationFields))
    async def translations(request: Request) -> Response:
        return await answer(request, TranslationFields)

    @routes.get("/models", summary="The model that is loaded", responses={401: UNKNOWN})
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(service.served.name)]}

    @routes.get("/models/{name:path}", summary="Whether a model is loaded", responses={401: UNKNOWN, 404: NOT_LOADED})
    async def model(name: str) -> dict[str, Any]:
        if name != service.served.name:
            raise Refusal(
                404, "ModelNotLoaded", f"this service has the model {service.served.name}", "model", (service.served.name,)
            )
        return _model(name)

    return routes


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "local"}


def _documented(fields: type[TranslationFields]) -> dict[str, Any]:
    properties = {
        f"{name}[]" if schema.get("type") == "array" else name: schema
        for name, schema in fields.model_json_schema()["properties"].items()
    }
    for schema in properties.values():
        if "$ref" in schema:  # the one enumeration, which the document knows no name for
            schema.pop("$ref")
            schema["enum"] = [str(one) for one in type(fields.model_fields["response_format"].default)]
    kinds = [EVENTS, *(kind.partition(";")[0] for name, kind in MEDIA_TYPES.items() if name is not Format.TSV)]
    good = {
        "description": "The transcript, as response_format says; with stream its events.",
        "content": {one: {} for one in kinds},
    }
    responses = {200: good, **refused()}
    return {"response_class": Response, "responses": responses, "openapi_extra": upload_form(properties)}
