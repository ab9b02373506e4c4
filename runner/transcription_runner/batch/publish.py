"""Writes a pod's report into an annotation of that very pod, through the pod's own token.

The one right that a runner has is to patch the subresource `status` of pods, and a policy narrows it to this annotation of its
own pod. No object is shared: however many pods report, none waits for another.
"""

from pathlib import Path
from urllib.parse import quote

from transcription_api import names
from transcription_api.report import ShardReport
from transcription_runner.apiserver import ApiRefusedError, ApiServer, ApiUnavailableError


class NotReportedError(Exception):
    """The API server did not take a report; `retry_after` is how long it asks to be left alone, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PodPublisher:
    """The API server, as far as a runner may talk to it."""

    def __init__(self, namespace: str, pod_name: str, token_folder: Path = Path(names.TOKEN_FOLDER)) -> None:
        """Raises OSError or KeyError where this is no pod or it has no token."""
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod_name, safe='')}/status"
        self._path = f"{path}?fieldManager={names.RUNNER_FIELD_MANAGER}"
        self._server = ApiServer(token_folder)

    def publish(self, report: ShardReport) -> None:
        """Replace the pod's report. Raises NotReportedError."""
        body = {"metadata": {"annotations": {names.ANNOTATION_REPORT: report.encoded()}}}
        try:
            self._server.ask("PATCH", self._path, body, kind="merge-patch+json")
        except ApiUnavailableError as error:
            raise NotReportedError(str(error)) from error
        except ApiRefusedError as error:
            raise NotReportedError(str(error), error.retry_after) from error
