"""Where it is measured: own namespaces with the rights of the chart, no installed operator at work, and all gone afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import yaml

from tests.integration.definitions import install_definitions
from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import FOR_TESTS, RIGHTS, Operator, kubeconfig_of, rendered

from . import objects
from .api import Api, RefusedError, each

_INSTALLED = "app.kubernetes.io/name=transcription-operator"
_CONCURRENCY = 16
_GONE_SECONDS = 240


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """With this tree's CRDs, and no installed operator at work; what was installed works on afterwards."""
    kubectl = Kubectl("default")
    install_definitions(kubectl)
    found = kubectl.get("deployments", "-A", "-l", _INSTALLED)["items"]
    installed = [(one["metadata"]["namespace"], one["metadata"]["name"], one["spec"]["replicas"]) for one in found]
    try:
        for namespace, name, _ in installed:
            Kubectl(namespace)("scale", "deployment", name, "--replicas=0")
        _wait_until(lambda: not kubectl.get("pods", "-A", "-l", _INSTALLED)["items"], "the installed operator's pods still run")
        yield
    finally:
        for namespace, name, replicas in installed:
            Kubectl(namespace)("scale", "deployment", name, f"--replicas={replicas}")


@contextlib.contextmanager
def namespaces(number: int) -> Iterator[list[str]]:
    """Fresh namespaces with the chart's rights for operator and runner in each; the first holds the operator's account."""
    release = f"bench-{uuid.uuid4().hex[:6]}"
    names = [f"{release}-{index}" for index in range(number)]
    kubectl = Kubectl(names[0])
    flags = (*FOR_TESTS, f"fullnameOverride={names[0]}", f"watchNamespaces={{{','.join(names)}}}")
    rights = [one for one in rendered("bench", names[0], *flags) if one["kind"] in RIGHTS]
    try:
        for name in names:
            kubectl("create", "namespace", name)
        for name in names:
            own = [one for one in rights if one["metadata"].get("namespace", names[0]) == name]
            Kubectl(name)("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": own}))
        yield names
    finally:
        asyncio.run(_emptied(names))
        kubectl.run("delete", "namespace", *names, "--wait=false", "--ignore-not-found")
        for one in rights:
            if "namespace" not in one["metadata"]:
                kubectl.run("delete", one["kind"], one["metadata"]["name"], "--ignore-not-found")
        _wait_until(lambda: not _remaining(names), f"namespaces {', '.join(names)} are still there")


@contextlib.contextmanager
def operator(
    folder: Path, served: list[str], account: str, server: str | None = None, *, in_trouble: bool = False, **settings: object
) -> Iterator[Operator]:
    """The real program for the namespaces `served`, running, with the rights of `account`'s service account and no others.

    `server`: an address to reach the API server by, other than KUBECONFIG's. `in_trouble`: tracebacks in its log are to be
    expected. Raises RuntimeError for those that are not.
    """
    place = folder / f"operator-{uuid.uuid4().hex[:6]}"
    place.mkdir(parents=True)
    kubeconfig = kubeconfig_of(Kubectl(account), account, place / "kubeconfig")
    if server:
        known = yaml.safe_load(kubeconfig.read_text())
        known["clusters"][0]["cluster"] = {"server": server}
        kubeconfig.write_text(yaml.safe_dump(known))
    runner = {"image": "runner:bench", "device": "cpu"}
    one = Operator(place, kubeconfig, served[0], **{"watchNamespaces": served, "runner": runner, **settings})
    try:
        one.start()
        yield one
        said = one.log()
        if not in_trouble and ("Traceback" in said or "cannot" in said):
            raise RuntimeError(f"the operator met with trouble, so its figures are worth nothing:\n{said[-2000:]}")
    finally:
        one.kill()


@contextlib.asynccontextmanager
async def operator_aside(
    folder: Path, served: list[str], account: str, server: str | None = None, *, in_trouble: bool = False, **settings: object
) -> AsyncIterator[Operator]:
    """The same, started and ended in a thread, so that what goes on in this event loop goes on."""
    with contextlib.ExitStack() as stack:
        try:
            surroundings = operator(folder, served, account, server, in_trouble=in_trouble, **settings)
            yield await asyncio.to_thread(stack.enter_context, surroundings)
        finally:
            await asyncio.to_thread(stack.close)


async def emptied(api: Api, namespace: str) -> None:
    """Delete all that jobs leave in a namespace, and wait until it is gone. The garbage collector would do 20 a second."""
    collections = (
        objects.transcription_jobs(namespace),
        objects.jobs(namespace),
        objects.core(namespace, "pods"),
        f"/apis/events.k8s.io/v1/namespaces/{namespace}/events",
    )
    end = time.monotonic() + _GONE_SECONDS
    for collection in collections[:2]:
        await _delete_all(api, collection)
    while True:
        # The Job controller holds its pods until it has counted them, 20 a second at most.
        await each(await api.listed(collections[2]), lambda pod: _let_go(api, namespace, pod["metadata"]["name"]), _CONCURRENCY)
        for collection in collections[2:]:
            await _delete_all(api, collection)
        left = [
            collection for collection in collections[:3] if (await api.call("GET", collection, query={"limit": "1"}))["items"]
        ]
        if not left:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not empty after {_GONE_SECONDS} s: {', '.join(left)}")
        for collection in left[:2]:
            await _delete_all(api, collection)
        await asyncio.sleep(0.5)


async def _delete_all(api: Api, collection: str) -> None:
    options = {"propagationPolicy": "Background", "gracePeriodSeconds": 0}
    while True:
        try:
            await api.call("DELETE", collection, options)
        except RefusedError as error:
            if error.status not in (409, 429, 500, 504):  # one object was changed meanwhile, or it took too long: go on
                raise
            await asyncio.sleep(0.5)
        except aiohttp.ServerDisconnectedError:  # after a minute the API server hangs up, and goes on with what it was asked for
            await asyncio.sleep(0.5)
        else:
            return


async def _let_go(api: Api, namespace: str, pod: str) -> None:
    try:
        await api.patch(objects.core(namespace, "pods", pod), {"metadata": {"finalizers": None}})
    except RefusedError as error:
        if error.status != 404:
            raise


async def _emptied(names: list[str]) -> None:
    async with await Api.connect() as api:
        for name in names:
            await emptied(api, name)


def _remaining(names: list[str]) -> list[str]:
    there = {one["metadata"]["name"] for one in Kubectl("default").get("namespaces")["items"]}
    return [name for name in names if name in there]


def _wait_until(check: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + _GONE_SECONDS
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(f"{otherwise} after {_GONE_SECONDS} s")
        time.sleep(0.5)
