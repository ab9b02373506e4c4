"""A request for long work becomes a job, or leaves nothing: no object in the store, no resource in the cluster."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from transcription_api.runner_config import Recipe
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.place import new_name
from transcription_runner.serve.jobs.state import JobState
from transcription_runner.serve.parameters import Parameters
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.service import Service, misplaced


async def accepted(request: Request, service: Service, parameters: Parameters, recipe: Recipe) -> Response:
    """202, once the job is there. Raises Refusal, ConfigurationError, ClientDisconnect."""
    if not parameters.asynchronous:
        raise Refusal(422, "InvalidParameter", "source needs async=true", "source")
    jobs = service.jobs
    if jobs is None:
        message = "this service has no jobs: leave async out, and the answer comes when the work is done"
        raise Refusal(422, "NoJobs", message, "async")
    _check(request, parameters)
    name = new_name()
    owner = service.keys.mark(request.headers, name)
    if parameters.source is None:
        state = await _uploaded(request, service, jobs, parameters, recipe, name, owner)
    else:
        with service.place(request):
            await service.prepare(recipe)
            source = jobs.place.source(name, parameters.source)
            await jobs.check(source, service.most_bytes)
            state = await jobs.create(name, source, parameters, owner)
    return JSONResponse(state.model_dump(mode="json"), 202, {"Location": f"/jobs/{name}"})


async def _uploaded(
    request: Request, service: Service, jobs: Jobs, parameters: Parameters, recipe: Recipe, name: str, owner: str | None
) -> JobState:
    async with service.upload(request, recipe) as upload:
        if upload.fields:
            raise misplaced(upload.fields)
        source = jobs.place.upload(name, upload.name)
        try:
            await jobs.keep(upload.path, source)
            if await request.is_disconnected():  # nobody would ever learn the job's name
                raise ClientDisconnect
            return await jobs.create(name, source, parameters, owner)
        except BaseException:
            await jobs.forget(name)
            raise


def _check(request: Request, parameters: Parameters) -> None:
    """Raises Refusal for what does not go together."""
    if "format" in parameters.model_fields_set:
        message = "a job writes all formats: choose one when you fetch its transcript, /jobs/NAME/transcript?format="
        raise Refusal(422, "InvalidParameter", message, "format")
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if parameters.source is not None and has_body:
        raise Refusal(422, "InvalidParameter", "send a file or name a source, not both", "source")
