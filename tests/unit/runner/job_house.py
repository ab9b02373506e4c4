"""Services that have jobs: the real application over a local store and a stand-in for the API server."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.api_servers import ApiServerStandIn, api_server
from tests.unit.runner.scripted import ScriptedEngine
from tests.unit.runner.services import Answered, client, engine_of, form, service
from tests.unit.runner.stores import folder_store
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.place import Place
from transcription_runner.serve.service import Service
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import Store

PLACE = Place(bucket="speech", prefix="service/", endpoint="http://minio:9000", sources=frozenset({"calls"}), model="small")


@dataclass
class House:
    """Services over one cluster and one store."""

    engine: ScriptedEngine
    api: ApiServerStandIn
    store: FolderStore
    folder: Path
    patch: pytest.MonkeyPatch

    def service(self, store: Store | None = None, **more: Any) -> Service:
        """A process that just began: it knows nothing of any job."""
        jobs = Jobs(PLACE, self.api.cluster(self.folder, self.patch), store or self.store)
        return service(self.engine, jobs=jobs, **more)

    def objects(self) -> list[str]:
        return [found.key for bucket in ("speech", "calls") for found in self.store.list(bucket, "")]

    def done(self, name: str) -> None:
        """The job's pod has written its transcripts, and the operator its status."""
        [key] = self.api.jobs[name]["spec"]["source"]["keys"]
        for suffix in ("json", "tsv", "txt", "vtt", "srt"):
            content = b'{"language": "es"}' if suffix == "json" else f"words as {suffix}".encode()
            self.store.put("speech", f"service/transcripts/{name}/{key}.{suffix}", content, "")
        self.api.becomes(name, phase="Succeeded", progress="100%")


@contextmanager
def a_house(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[House]:
    """One that is given back at the end."""
    store = folder_store(folder / "store", "speech", "calls")
    with engine_of() as engine, api_server() as api:
        yield House(engine, api, store, folder, patch)


def asked(one: Service, path: str, *chunks: bytes, **how: Any) -> Answered:
    return asyncio.run(client(one).ask(path, *chunks, **how))


def accepted(one: Service, path: str = "/transcribe?async=true&language=es", **how: Any) -> str:
    """The name of the job that an upload becomes."""
    answered = asked(one, path, form("Anna.WAV", b"sound" * 1000), **how)
    assert answered.status == 202, answered
    name = str(json.loads(answered.body)["name"])
    assert answered.headers["location"] == f"/jobs/{name}"
    assert (one.places.taken, one.scratch.taken) == (0, 0)
    return name


def looked(one: Service, name: str, what: str = "", method: str = "GET", **how: Any) -> Answered:
    return asked(one, f"/jobs/{name}{what}", method=method, **how)
