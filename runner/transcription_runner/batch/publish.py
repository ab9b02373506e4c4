"""Writes a pod's report into an annotation of that very pod, through the pod's own token.

The one right that a runner has is to patch the subresource `status` of pods, and a policy narrows it to this annotation of its
own pod. No object is shared: however many pods report, none waits for another.
"""

import json
import os
from pathlib import Path
from urllib.parse import quote

import urllib3

from transcription_api import names
from transcription_api.report import ShardReport

REQUEST_SECONDS = 5.0
MOST_PATIENCE_SECONDS = 600.0
"""A server that asks for more is asked again after this."""


class NotReportedError(Exception):
    """The API server did not take a report; `retry_after` is how long it asks to be left alone, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PodPublisher:
    """The API server, as far as a runner may talk to it."""

    def __init__(self, namespace: str, pod_name: str, token_folder: Path = Path(names.TOKEN_FOLDER)) -> None:
        """Raises OSError or KeyError where this is no pod or it has no token."""
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        address = f"[{host}]" if ":" in host else host
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod_name, safe='')}/status"
        self._url = f"https://{address}:{port}{path}?fieldManager={names.RUNNER_FIELD_MANAGER}"
        self._token = token_folder / "token"
        self._token.stat()
        authority = str(token_folder / "ca.crt")
        self._http = urllib3.PoolManager(retries=False, timeout=REQUEST_SECONDS, cert_reqs="CERT_REQUIRED", ca_certs=authority)

    def publish(self, report: ShardReport) -> None:
        """Replace the pod's report. Raises NotReportedError; OSError without a token."""
        body = {"metadata": {"annotations": {names.ANNOTATION_REPORT: report.encoded()}}}
        # The kubelet replaces the token before it runs out.
        headers = {
            "Authorization": f"Bearer {self._token.read_text(encoding='utf-8').strip()}",
            "Content-Type": "application/merge-patch+json",
            "Accept": "application/json",
        }
        try:
            answer = self._http.request("PATCH", self._url, body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise NotReportedError(f"the API server does not answer: {error}") from error
        if answer.status >= 300:
            raise NotReportedError(f"{answer.status}: {_message(answer.data)}", _seconds(answer.headers.get("Retry-After")))


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; in its other form, a date, the API server never sends it."""
    return min(MOST_PATIENCE_SECONDS, float(retry_after)) if retry_after and retry_after.isdigit() else None
