"""The cluster's API server, as a pod may talk to it: at the address that the kubelet gives, by the token of the pod's account.

It is what a runner needs of a client and no more: JSON, one try in bounded time, and the server's own words where it refuses.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

REQUEST_SECONDS = 5.0
MOST_PATIENCE_SECONDS = 600.0
"""A server that asks for more is asked again after this."""
SLACK_SECONDS = 5.0
"""So much later than it should, a watch may end."""


class ApiUnavailableError(Exception):
    """Nobody answers as an API server does. What was asked may have been done all the same."""


class ApiRefusedError(Exception):
    """The API server's no: its HTTP status, what it says, and how long it asks to be left alone, in seconds."""

    def __init__(self, status: int, said: Mapping[str, Any], retry_after: float | None = None) -> None:
        """`said`: the `Status` that it sends; only a `message`, where it sends something else."""
        self.status, self.said, self.retry_after = status, said, retry_after
        self.message = str(said.get("message", ""))
        super().__init__(f"{status}: {self.message}")


class ApiServer:
    """The API server, for one account."""

    def __init__(self, account: Path, seconds: float = REQUEST_SECONDS, connections: int = 1) -> None:
        """`account`: the folder with `token` and `ca.crt`. `connections`: kept open at most.

        Raises OSError or KeyError where this is no pod or it has no token.
        """
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        self._address = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._token = account / "token"
        self._token.stat()
        self._http = urllib3.PoolManager(
            retries=False, timeout=seconds, maxsize=connections, cert_reqs="CERT_REQUIRED", ca_certs=str(account / "ca.crt")
        )

    def ask(self, method: str, path: str, body: Any = None, *, kind: str = "json") -> Any:
        """What it answers, as JSON; `kind` is the body's, below `application/`. Raises ApiUnavailableError, ApiRefusedError."""
        answer = self._answer(method, path, None if body is None else json.dumps(body, ensure_ascii=False).encode(), kind)
        if answer.status >= 300:
            raise _refused(answer, answer.data)
        try:
            return json.loads(answer.data)
        except ValueError:
            raise ApiUnavailableError("what answers there is no API server: its answer is not JSON") from None

    def await_event(self, path: str, seconds: int) -> None:
        """Returns as soon as anything comes on the watch at `path`, and after `seconds` in any case.

        Raises ApiUnavailableError, ApiRefusedError.
        """
        patience = urllib3.Timeout(connect=REQUEST_SECONDS, read=seconds + SLACK_SECONDS)
        answer = self._answer("GET", f"{path}&timeoutSeconds={seconds}", preload_content=False, timeout=patience)
        try:
            if answer.status >= 300:
                raise _refused(answer, answer.read())
            next(answer.stream(), None)
        except urllib3.exceptions.HTTPError as error:
            raise _unavailable(error) from error
        finally:
            answer.close()
            answer.release_conn()

    def _answer(
        self, method: str, path: str, body: bytes | None = None, kind: str = "json", **how: Any
    ) -> urllib3.BaseHTTPResponse:
        try:  # the kubelet replaces the token before it runs out
            token = self._token.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ApiUnavailableError(f"the account's token cannot be read: {error.strerror}") from error
        headers = {"Authorization": f"Bearer {token}", "Content-Type": f"application/{kind}", "Accept": "application/json"}
        try:
            return self._http.request(method, self._address + path, body=body, headers=headers, redirect=False, **how)
        except urllib3.exceptions.HTTPError as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> ApiUnavailableError:
    return ApiUnavailableError(f"the API server does not answer: {error}")


def _refused(answer: urllib3.BaseHTTPResponse, body: bytes) -> ApiRefusedError:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "message" not in said:
        said = {"message": body.decode(errors="replace").strip()}
    return ApiRefusedError(answer.status, said, _seconds(answer.headers.get("Retry-After")))


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; in its other form, a date, the API server never sends it."""
    return min(MOST_PATIENCE_SECONDS, float(retry_after)) if retry_after and retry_after.isdigit() else None
