"""The TranscriptionJob that a request becomes, made of the contract's own models. Pure.

What the request says stands in it; what it leaves out is left to the namespace's default profile and the operator, as in any
other job. Always said are the model that the service has loaded, so that the words are those of a request that is answered at
once, all five formats, and what follows from there being one recording.
"""

from typing import Any, Final

from transcription_api.job import TranscriptionJob
from transcription_api.job_settings import Output, Storage
from transcription_api.names import API_VERSION, GROUP, KIND
from transcription_api.source import Source
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.speech import Format, Model
from transcription_runner.serve.jobs.place import Place
from transcription_runner.serve.parameters import Parameters
from transcription_runner.serve.refusals import WORDS

LABEL_MADE_BY: Final = f"{GROUP}/made-by"
MADE_BY: Final = "service"
"""The label and its value on all jobs that the service made; it shows no others."""
ANNOTATION_OWNER: Final = f"{GROUP}/owner"
"""Whose job it is: `Keys.mark` of the API key that asked for it. Without one, of a service that asks for no keys."""
FIELDS = {parameter: field for field, parameter in WORDS.items()} | {"language": "language", "task": "task"}
"""Parameter -> the field of the spec that it stands for."""


def transcription_job(
    name: str, namespace: str, source: Source, parameters: Parameters, place: Place, owner: str | None
) -> dict[str, Any]:
    """The resource, ready to be created."""
    model: dict[str, Any] = {"name": place.model}
    if parameters.compute_type is not None:
        model["compute_type"] = parameters.compute_type
    spec = TranscriptionJobSpec.model_validate(
        {
            "source": source,
            "output": Output(bucket=place.bucket, prefix=place.transcripts(name), formats=list(Format)),
            "storage": Storage(endpoint=place.endpoint, secret_name=place.secret),
            "model": Model.model_validate(model),
            "parallelism": 1,
            "max_failed_files": 0,
            **_asked(parameters),
        }
    )
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": {LABEL_MADE_BY: MADE_BY}}
    if owner is not None:
        metadata["annotations"] = {ANNOTATION_OWNER: owner}
    job = TranscriptionJob(api_version=API_VERSION, kind=KIND, metadata=metadata, spec=spec)
    return job.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def _asked(parameters: Parameters) -> dict[str, Any]:
    """What the request itself says, by the spec's fields."""
    asked: dict[str, Any] = {}
    for name in sorted(parameters.model_fields_set & FIELDS.keys()):
        part, _, field = FIELDS[name].partition(".")
        value = getattr(parameters, name)
        if field:
            asked.setdefault(part, {})[field] = value
        else:
            asked[part] = value
    return asked
