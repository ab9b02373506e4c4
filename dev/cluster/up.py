"""`up`: from whatever there is to a cluster that runs. Safe to repeat: what is built, started or pulled already is left alone.

Four lines of work run side by side and meet where one needs the other:

    programs   containerd with the image builder, shim, pause, runc; then Kubernetes, etcd, helm; then MinIO
    images     Debian packages, base image; as soon as containerd runs: the operator's image, the runner's
    models     Whisper base into the folder that pods mount
    cluster    each process as soon as its program is built
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from dev.cluster import (
    control_plane,
    credentials,
    dns,
    holder,
    images,
    kube,
    leftovers,
    models,
    needs,
    network,
    node,
    processes,
    programs,
    store,
)
from dev.cluster.environment import write_environment
from dev.cluster.objects import first_objects
from dev.cluster.places import CONTAINERD_SOCKET, NODE, RUN, STATE
from dev.cluster.programs import Build
from dev.cluster.progress import Progress, Stop


def up(control_plane_only: bool = False) -> None:
    """Bring the cluster up, or only what needs no node. Raises Stop with what stands in the way."""
    holder.check()
    needs.check(images_built=control_plane_only or images.built_before(images.RUNNER))
    with holder.alone():
        holder.check()
        builds = (programs.CLUSTER, programs.MINIO) if control_plane_only else programs.ALL
        unbuilt = [build for build in builds if not build.built]
        if RUN.exists() and not processes.running():
            leftovers.remove()
        holder.take()
        STATE.mkdir(exist_ok=True)
        models.link()
        credentials.make()
        write_environment()
        if control_plane_only:
            progress = Progress(len(unbuilt) + 1)
            for build in builds:
                programs.build(build, progress)
            network.up()
            _start_control_plane(progress)
        else:
            images.add_page_library()
            _everything(Progress(_count_steps(unbuilt)))


def _everything(progress: Progress) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool, ThreadPoolExecutor(max_workers=1) as compiler:
        reasons: list[Stop] = []

        def failed(future: Future[None]) -> None:
            reason = None if future.cancelled() else future.exception()
            if isinstance(reason, Stop) and reason not in reasons:
                reasons.append(reason)
                progress.say(f"cannot go on, and stop when what is under way has ended: {str(reason).splitlines()[0]}")
                compiler.shutdown(wait=False, cancel_futures=True)

        def begin(executor: ThreadPoolExecutor, after: Iterable[Future[None]], work: Callable[[], None]) -> Future[None]:
            future = executor.submit(_after, tuple(after), work)
            future.add_done_callback(failed)
            return future

        packages = begin(pool, (), partial(needs.install_packages, progress))
        built = {
            build: begin(compiler, (packages,) if build.cgo else (), partial(programs.build, build, progress))
            for build in programs.ALL
        }
        network_up = begin(pool, (packages,), network.up)
        base = begin(pool, (packages,), partial(images.prepare_base, progress))
        for_containers = (built[build] for build in (programs.NODE, programs.SHIM, programs.PAUSE, programs.RUNC))
        containerd = begin(pool, (network_up, *for_containers), _start_containerd)
        pause = begin(pool, (containerd,), partial(images.build_pause, progress))
        imaged = begin(pool, (pause, base), partial(_build_images, progress))
        control = begin(
            pool, (network_up, built[programs.CLUSTER], built[programs.MINIO]), partial(_start_control_plane, progress)
        )
        node_ready = begin(pool, (control, pause), partial(_start_node, progress))
        modelled = begin(pool, (), partial(models.prepare, progress))
        _after((imaged, node_ready, modelled), lambda: None)


def _after(needed: Iterable[Future[None]], work: Callable[[], None]) -> None:
    for future in needed:
        future.result()
    work()


def build_images() -> None:
    """Bring the images on the running node up to date. Raises Stop when no node runs."""
    needs.check_root()
    with holder.alone():
        if processes.pid_of("containerd") is None:
            raise Stop("the cluster does not run, and images are built on its node: make up")
        images.add_page_library()
        _build_images(Progress(images.count_steps()))


def _build_images(progress: Progress) -> None:
    for image in (images.BASE, images.OPERATOR, images.RUNNER):
        images.build(image, progress)


def _start_containerd() -> None:
    node.start_containerd()
    processes.wait_until("containerd", CONTAINERD_SOCKET.exists, ("containerd",), seconds=30)


def _start_control_plane(progress: Progress) -> None:
    with progress.step("API server, scheduler, controllers and MinIO"):
        store.start()
        dns.start()
        control_plane.start()
        processes.wait_until("MinIO", store.ready, ("minio",), seconds=30)
        kube.apply(first_objects())


def _start_node(progress: Progress) -> None:
    with progress.step(f"node {NODE}"):
        node.start_kubelet()
        processes.wait_until(
            f"node {NODE}",
            lambda: node.ready(kube.get(f"/api/v1/nodes/{NODE}"), since=processes.started_at("kubelet")),
            ("kubelet", "kube-proxy", "gpus", "containerd"),
            seconds=90,
        )


def _count_steps(unbuilt: list[Build]) -> int:
    fixed = 2  # control plane, node
    model = not models.present(models.FOLDER / models.WHISPER_BASE)
    return fixed + len(unbuilt) + bool(needs.missing_packages()) + images.count_steps() + model
