"""What a service account can do by itself: single requests, without kubectl, which would read an object before it writes it."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml


class RefusedError(Exception):
    """The API server's refusal."""


class Account:
    """A service account by its kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._server, self._token = cluster["server"], config["users"][0]["user"]["token"]
        data, authority = cluster.get("certificate-authority-data"), cluster.get("certificate-authority")
        self._tls = ssl.create_default_context(cafile=authority, cadata=base64.b64decode(data).decode() if data else None)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "json") -> str:
        """Make a request; returns the error message, empty if it was answered."""
        try:
            self.answer(method, path, body, kind)
        except RefusedError as error:
            return str(error)
        return ""

    def answer(self, method: str, path: str, body: Any = None, kind: str = "json") -> str:
        """Make a request; returns what was answered. Raises RefusedError with the error message."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": f"application/{kind}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._server + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as error:
            raise RefusedError(json.loads(error.read())["message"]) from None
