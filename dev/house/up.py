"""`up`: from whatever there is to a cluster that runs. Safe to repeat: what is built, started or pulled already is left alone.

Three lines of work run side by side and meet where one needs the other:

    programs   containerd with the image builder, shim, pause, runc; then Kubernetes, etcd, helm; then MinIO
    images     Debian packages, base image; as soon as containerd runs: the operator's image, the runner's
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
    store,
)
from dev.house.environment import write_environment
from dev.house.objects import first_objects
from dev.house.places import CONTAINERD_SOCKET, NODE, REPOSITORY, RUN, STATE
from dev.house.programs import Build
from dev.house.progress import Progress, Stop


def up(control_plane_only: bool = False) -> None:
    """Bring the cluster up, or only what needs no node. Raises Stop with what stands in the way."""
    with holder.alone():
        builds = (programs.CLUSTER, programs.MINIO) if control_plane_only else programs.ALL
        unbuilt = [build for build in builds if not build.built]
        needs.check(images_built=control_plane_only or images.built_before(images.RUNNER))
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
        containerd = pool.submit(_start_containerd, built, network_up)
        base = pool.submit(lambda: (packages.result(), images.prepare_base(progress)))
        imaged = pool.submit(_images, progress, containerd, base)
        _wait(built[programs.CLUSTER], built[programs.MINIO], network_up)
        _start_control_plane(progress)
        _wait(containerd)
        _start_node(progress)
        _wait(imaged)


def build_images() -> None:
    """Bring the images on the running node up to date. Raises Stop when no node runs."""
    with holder.alone():
        if processes.pid_of("containerd") is None:
            raise Stop("the cluster does not run, and images are built on its node: make up")
        progress = Progress(images.count_steps())
        for image in (images.OPERATOR, images.RUNNER):
            images.build(image, progress)


def _start_containerd(built: dict[Build, Future[None]], network_up: Future[object]) -> None:
    """Start containerd, which takes images in while Kubernetes is still being compiled."""
    _wait(*(built[build] for build in (programs.NODE, programs.SHIM, programs.PAUSE, programs.RUNC)), network_up)
    node.start_containerd()
    processes.wait_until("containerd", CONTAINERD_SOCKET.exists, ("containerd",), seconds=30)


def _images(progress: Progress, containerd: Future[None], base: Future[object]) -> None:
    containerd.result()
    images.prepare_pause()
    images.build(images.PAUSE, progress)
    base.result()
    for image in (images.BASE, images.OPERATOR, images.RUNNER):
        images.build(image, progress)


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
