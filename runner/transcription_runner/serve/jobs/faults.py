"""What a refusal or a silence of the API server or of the store means for the one request. Pure.

What they say word for word is the log's matter, but for the rules of the cluster that a job breaks.
"""

import math
import re

from transcription_api.names import GROUP, PLURAL
from transcription_runner.apiserver import ApiRefusedError, ApiUnavailableError
from transcription_runner.serve.refusals import LATER_SECONDS, Refusal
from transcription_runner.store.port import (
    ObjectMissingError,
    ObjectRefusedError,
    StoreRefusedError,
    StoreUnavailableError,
)

LONGEST_WAIT_SECONDS = 60
MOST_CHARACTERS = 1000
API_ERRORS = (ApiUnavailableError, ApiRefusedError)
STORE_ERRORS = (StoreUnavailableError, StoreRefusedError, ObjectRefusedError, ObjectMissingError)
_RBAC = re.compile(r"cannot \w+ resource")
"""As RBAC puts it; other rules that forbid something have words of their own, which say what."""


def unknown() -> Refusal:
    """There is no such job, or it is somebody else's: nobody learns which."""
    return Refusal(404, "JobNotFound", "this service has no job of this name that was made with this API key")


def refusal_of_api(error: Exception, namespace: str) -> Refusal:
    """For one of API_ERRORS. A 503 leaves open whether what was asked was done."""
    if not isinstance(error, ApiRefusedError):
        message = "the cluster's API server does not answer; try again later"
        return Refusal(503, "ClusterUnavailable", message, retry_after=LATER_SECONDS)
    match error.status:
        case 404:
            return unknown() if _is_about_an_object(error) else _no_such_kind()
        case 409:  # between two looks it was deleted, and made anew
            return unknown()
        case 401 | 403:
            return _forbidden(error, namespace)
        case 400 | 422:
            return Refusal(422, "InvalidJob", f"this cannot be a job: {error.message[:MOST_CHARACTERS]}")
    wait = min(LONGEST_WAIT_SECONDS, math.ceil(error.retry_after)) if error.retry_after else LATER_SECONDS
    if error.status == 429:
        return Refusal(503, "ClusterBusy", "the cluster's API server has too much to do; try again later", retry_after=wait)
    message = "the cluster's API server does not work as it should; try again later"
    return Refusal(503, "ClusterUnavailable", message, retry_after=wait)


def refusal_of_store(error: Exception) -> Refusal:
    """For one of STORE_ERRORS."""
    if isinstance(error, StoreUnavailableError):
        message = "the store of this service's jobs does not answer; try again later"
        return Refusal(503, "StorageUnavailable", message, retry_after=LATER_SECONDS)
    if isinstance(error, StoreRefusedError):
        return Refusal(500, error.reason, "the store refuses this service's keys or bucket; the service's log says more")
    if isinstance(error, ObjectMissingError):
        return Refusal(404, "TranscriptNotFound", "the transcript is not in the store any more")
    reason = error.reason if isinstance(error, ObjectRefusedError) else "StoreError"
    return Refusal(500, reason, "the store does not take what belongs to this job; the service's log says more")


def refusal_of_source(error: Exception) -> Refusal:
    """The same, where it is about a recording that the request names."""
    if isinstance(error, ObjectMissingError):
        return Refusal(422, "ObjectNotFound", "source: there is no such object in the bucket", "source")
    if isinstance(error, ObjectRefusedError):
        return Refusal(422, error.reason, f"source: {error.message}", "source")
    return refusal_of_store(error)


def _is_about_an_object(error: ApiRefusedError) -> bool:
    """Where the whole kind is unknown, the API server sends no `Status` with a name."""
    return error.said.get("reason") == "NotFound" and bool((error.said.get("details") or {}).get("name"))


def _no_such_kind() -> Refusal:
    return Refusal(500, "NoJobKind", f"the cluster knows no {PLURAL}.{GROUP}: the CRDs of the operator's chart are not installed")


def _forbidden(error: ApiRefusedError, namespace: str) -> Refusal:
    if "exceeded quota" in error.message:
        message = f"namespace {namespace} takes no more jobs: its quota is used up; delete jobs that are over, or try again later"
        return Refusal(429, "TooManyJobs", message, retry_after=LONGEST_WAIT_SECONDS)
    if error.status == 403 and not _RBAC.search(error.message):
        return Refusal(500, "JobForbidden", f"a rule of the cluster forbids such a job: {error.message[:MOST_CHARACTERS]}")
    message = (
        f"this service lacks a right: its service account needs create, get, list, watch and delete of {PLURAL}.{GROUP} in "
        f"namespace {namespace}, as the chart's service.jobs.enabled gives it"
    )
    return Refusal(500, "RightMissing", message)
