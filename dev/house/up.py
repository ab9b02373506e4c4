"""`up`: from whatever there is to a cluster that runs. Safe to repeat: what is built, started or pulled already is left alone.

Three lines of work run side by side and meet where one needs the other:

    programs   containerd + registry, shim, pause, runc, Kubernetes + etcd + helm, MinIO      (both cores)
    images     Debian packages, base image, operator, runner; then push and pull              (disk, network)
    cluster    each process as soon as its program is built
"""

from concurrent.futures import Future, ThreadPoolExecutor

from dev.house import (
    control_plane,
    credentials,
    dns,
    holder,
    images,
    kube,
    leftovers,
    needs,
    network,
    node,
    processes,
    programs,
    registry,
    store,
)
from dev.house.environment import write_environment
from dev.house.objects import first_objects
from dev.house.places import CONTAINERD_SOCKET, NODE, REPOSITORY, RUN, STATE
from dev.house.programs import Build
from dev.house.progress import Progress


def up(control_plane_only: bool = False) -> None:
    """Bring the cluster up, or only what needs no node. Raises Stop with what stands in the way."""
    with holder.alone():
        builds = (programs.CLUSTER, programs.MINIO) if control_plane_only else programs.ALL
        unbuilt = [build for build in builds if not build.built]
        needs.check(images_built=control_plane_only or images.count_steps() == 0)
        if RUN.exists() and not processes.running() and holder.holder() in (None, REPOSITORY):
            leftovers.remove()
        holder.take()
        STATE.mkdir(exist_ok=True)
        credentials.make()
        write_environment()
        if control_plane_only:
            progress = Progress(len(unbuilt) + 1)
            for build in builds:
                programs.build(build, progress)
            network.up()
            _start_control_plane(progress)
        else:
            _everything(Progress(_count_steps(unbuilt)))


def _everything(progress: Progress) -> None:
    with ThreadPoolExecutor() as pool, ThreadPoolExecutor(max_workers=1) as compiler:
        packages = pool.submit(needs.install_packages, progress)

        def compile_program(build: Build) -> None:
            if build.cgo:
                packages.result()
            programs.build(build, progress)

        built = {build: compiler.submit(compile_program, build) for build in programs.ALL}
        network_up = pool.submit(lambda: (packages.result(), network.up()))
        stores = pool.submit(_start_image_stores, built, network_up)
        pulled = pool.submit(_images, progress, packages, stores)
        _wait(built[programs.CLUSTER], built[programs.MINIO], network_up)
        _start_control_plane(progress)
        _wait(stores)
        _start_node(progress)
        _wait(pulled)


def _start_image_stores(built: dict[Build, Future[None]], network_up: Future[object]) -> None:
    """The registry and containerd: they take images in while Kubernetes is still being compiled."""
    _wait(*(built[build] for build in (programs.NODE, programs.SHIM, programs.PAUSE, programs.RUNC)), network_up)
    registry.start()
    node.start_containerd()
    processes.wait_until("the registry", registry.ready, ("registry",), seconds=30)
    processes.wait_until("containerd", CONTAINERD_SOCKET.exists, ("containerd",), seconds=30)


def _images(progress: Progress, packages: Future[None], stores: Future[None]) -> None:
    packages.result()
    images.make_base(progress)
    for image in (images.OPERATOR, images.RUNNER):
        images.build(image, progress)
    stores.result()
    images.prepare_pause()
    images.build(images.PAUSE, progress)
    for image in (images.PAUSE, images.OPERATOR, images.RUNNER):
        images.push(image, progress)
        images.pull(image, progress)


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
    return fixed + len(unbuilt) + bool(needs.missing_packages()) + images.count_steps()


def _wait(*futures: Future[None] | Future[object]) -> None:
    for future in futures:
        future.result()
