"""The service's jobs as its options name them, with the account that Kubernetes gives its pod. Read once, at the start."""

import argparse
import os
from pathlib import Path

from pydantic import ValidationError

from transcription_api.names import ENV_S3_ACCESS_KEY, ENV_S3_SECRET_KEY
from transcription_runner.apiserver import ApiServer
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import model_name
from transcription_runner.serve.jobs.cluster import Cluster
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.place import Place
from transcription_runner.store.patience import PatientStore
from transcription_runner.store.s3 import S3Store

REQUEST_SECONDS = 10.0
STORE_SECONDS = 15.0
"""So long an outage of the store is waited out before somebody is told."""
OPTIONS = {"sources": "--jobs-source", "model": "--model"}
"""Fields of Place -> options, where they are called otherwise."""


def jobs_of(arguments: argparse.Namespace) -> Jobs | None:
    """None without --jobs-bucket. Raises ValueError for what cannot be."""
    if arguments.jobs_bucket is None:
        for option in ("endpoint", "secret", "source"):
            if getattr(arguments, f"jobs_{option}"):
                raise ValueError(f"--jobs-{option} needs --jobs-bucket")
        return None
    place = _place(arguments)
    server, namespace = _account(arguments.jobs_account)
    try:
        store = S3Store(place.endpoint, _credential(ENV_S3_ACCESS_KEY), _credential(ENV_S3_SECRET_KEY))
    except ConfigurationError as error:
        raise ValueError(error.message) from None
    return Jobs(place, Cluster(server, namespace), PatientStore(store, STORE_SECONDS, lambda _: None))


def _place(arguments: argparse.Namespace) -> Place:
    if not arguments.jobs_endpoint:
        raise ValueError("--jobs-bucket needs --jobs-endpoint, the store's address")
    try:
        return Place(
            bucket=arguments.jobs_bucket,
            prefix=arguments.jobs_prefix,
            endpoint=arguments.jobs_endpoint,
            secret=arguments.jobs_secret,
            sources=frozenset(arguments.jobs_source),
            model=model_name(arguments.model),
        )
    except ValidationError as error:
        fault = error.errors()[0]
        field = str(fault["loc"][0])
        raise ValueError(f"{OPTIONS.get(field, f'--jobs-{field}')} does not suit a job: {fault['msg']}") from None


def _account(folder: Path) -> tuple[ApiServer, str]:
    try:
        namespace = (folder / "namespace").read_text(encoding="utf-8").strip()
        return ApiServer(folder, REQUEST_SECONDS, connections=16), namespace
    except KeyError as error:
        raise ValueError(f"--jobs-bucket: jobs need a cluster, and this is no pod of one ({error.args[0]} is not set)") from None
    except OSError as error:
        raise ValueError(f"--jobs-account {folder} is no account of a pod: {error.strerror}: {error.filename}") from None


def _credential(name: str) -> str:
    value = os.environ.get(name, "")
    if not value or value != value.strip():
        raise ValueError(f"--jobs-bucket needs the store's keys: {name} is not set, or begins or ends with white space")
    return value
