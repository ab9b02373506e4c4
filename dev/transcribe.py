"""`make transcribe FILES="own.wav other.mp3"`: recordings of this machine through the running cluster, and the transcripts back.

The files (or all recordings in a folder) go into the bucket `transcribe`, a TranscriptionJob does them, the five formats of each
come to build/transcripts, and what was put into the bucket is deleted.
"""

import glob
import json
import os
import runpy
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dev.client import client_python
from dev.follow import NAMESPACE, condition, follow
from dev.install import NAMESPACE as OPERATOR_NAMESPACE
from dev.install import REPOSITORY, SELECTOR, environment

OUTPUT = REPOSITORY / "build" / "transcripts"
BUCKET = "transcribe"
_STORE = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
_USAGE = 'make transcribe FILES="own.wav other.mp3"'
_SEVERAL = "several names, and names with spaces:  FILES=\"own.wav 'my call.mp3'\""


class Refusal(Exception):  # noqa: N818 (not a fault of the program)
    """Something that the person at the keyboard has to settle; the message says what and how."""


def main(arguments: list[str]) -> int:
    """Transcribe the files; the exit status: 0 all done, 1 a file could not be, 2 nothing was begun."""
    try:
        files = recordings(arguments or named_files(os.environ.get("FILES", "")))
        known = running_cluster()
        client = client_python()
    except Refusal as refusal:
        print(f"transcribe: {refusal}", file=sys.stderr)
        return 2
    if Path(sys.executable).parent != client.parent:  # once more, by the Python that has the S3 client
        paths = [str(path) for path in arguments or named_files(os.environ["FILES"])]
        return subprocess.run([str(client), "-m", "dev.transcribe", *paths], env=known, check=False).returncode
    return transcribe(files, known)


def named_files(text: str) -> list[str]:
    """The paths that FILES names: one path, or several as a shell takes them apart (quotes, *, ~). Raises Refusal."""
    if not text.strip():
        raise Refusal(f"name recordings, or folders of them:  {_USAGE}")
    if Path(text).exists():
        return [text]
    try:
        words = [os.path.expanduser(word) for word in shlex.split(text)]  # noqa: PTH111 (a word may hold * as well)
    except ValueError as error:
        raise Refusal(f"FILES is not what a shell could read: {error} ({_SEVERAL})") from error
    return [path for word in words for path in sorted(glob.glob(word, recursive=True)) or [word]]  # noqa: PTH207 (absolute, too)


def recordings(paths: Iterable[str]) -> dict[str, Path]:
    """Object key -> file, for files and for what folders hold. Raises Refusal for a path that is not there or holds nothing."""
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        if path.is_dir():
            below = {f"{path.resolve().name}/{file.relative_to(path).as_posix()}": file for file in _audio_below(path)}
            if not below:
                raise Refusal(f"the folder {path} holds no audio or video, by the suffixes of its files")
        elif path.is_file():
            name = path.name if path.name not in found else f"{path.resolve().parent.name}/{path.name}"
            below = {name: path}
        else:
            raise Refusal(f"there is no file or folder {path} ({_SEVERAL})")
        if twice := sorted(key for key in below if key in found):
            both = f"{found[twice[0]]} and {below[twice[0]]}"
            raise Refusal(f"{both} would have transcripts of the same name ({twice[0]}): do one after the other")
        found |= below
    return found


def _audio_below(folder: Path) -> list[Path]:
    """The recordings in a folder, by the runner's own list of suffixes: a file that needs none of the runner's packages."""
    suffixes = runpy.run_path(str(REPOSITORY / "runner" / "transcription_runner" / "engine" / "decoding" / "suffixes.py"))[
        "KNOWN_SUFFIXES"
    ]
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower().lstrip(".") in suffixes)


def running_cluster() -> dict[str, str]:
    """The environment of the cluster that runs: that of KUBECONFIG, else this checkout's. Raises Refusal where none does."""
    env = REPOSITORY / ".dev" / "env"
    if not os.environ.get("KUBECONFIG"):
        if not env.exists():
            raise Refusal("no cluster was started in this checkout yet. Run `make demo` first: it starts one")
        for line in env.read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            os.environ[name] = value.strip("'")
    if missing := [name for name in _STORE if not os.environ.get(name)]:
        raise Refusal(f"KUBECONFIG is set; set {', '.join(missing)}, too (see dev/README.md), or unset KUBECONFIG")
    known = environment()
    if not _kubectl(known, "get", "--raw", "/readyz"):
        raise Refusal(f"the cluster of {known['KUBECONFIG']} does not answer. Run `make demo` first: it starts one")
    if not _kubectl(known, "--namespace", OPERATOR_NAMESPACE, "get", "deployment", "--selector", SELECTOR, "--output", "name"):
        raise Refusal("the operator is not installed in the cluster. Run `make demo` first, or `make install`")
    return known


def _kubectl(known: dict[str, str], *arguments: str) -> str:
    """What kubectl says; nothing if it fails."""
    command = ["kubectl", "--request-timeout=5s", *arguments]
    try:
        return subprocess.run(command, env=known, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise Refusal("there is no kubectl on PATH") from None


def transcribe(files: dict[str, Path], known: dict[str, str]) -> int:
    """Upload, run a job, fetch and print; the exit status."""
    from dev.bucket import FORMATS, Bucket

    run = time.strftime("%Y%m%d-%H%M%S")
    name = f"transcribe-{run}"
    bucket = Bucket(BUCKET)
    try:
        for key, path in files.items():
            print(f"  {path} -> {BUCKET}/{run}/{key}", flush=True)
            bucket.put(f"{run}/{key}", path)
        command = ["kubectl", "--namespace", NAMESPACE, "apply", "-f", "-"]
        subprocess.run(command, env=known, input=json.dumps(job(name, run, len(files))), text=True, check=True)
        status = follow(name, known)
        written = bucket.keys(f"{run}-transcripts/")
        done = [key for key in files if f"{run}-transcripts/{run}/{key}.json" in written]
        for key in done:
            for suffix in FORMATS:
                target = OUTPUT / f"{key}.{suffix}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(bucket.get(f"{run}-transcripts/{run}/{key}.{suffix}"))
            show(key)
    except KeyboardInterrupt:
        print("\ntranscribe: stopped, and the job is deleted", file=sys.stderr)
        subprocess.run(["kubectl", "--namespace", NAMESPACE, "delete", "tsj", name, "--ignore-not-found"], env=known, check=False)
        return 130
    finally:
        bucket.remove(run)
    return report(files, done, status, run, name)


def job(name: str, run: str, files: int) -> dict[str, Any]:
    """The TranscriptionJob: everything below the run's prefix, and bad files stop no others."""
    return {
        "apiVersion": "transcription.whisperx.dev/v1alpha1",
        "kind": "TranscriptionJob",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "source": {"bucket": BUCKET, "prefix": f"{run}/", "include": ["**"]},
            "output": {"bucket": BUCKET, "prefix": f"{run}-transcripts/"},
            "alignment": {"method": "attention"},  # the image's CTC aligners are small ones, for tests
            "maxFailedFiles": files,
        },
    }


def show(key: str) -> None:
    """Print what was said in one recording."""
    transcript = json.loads((OUTPUT / f"{key}.json").read_text(encoding="utf-8"))
    lines = (OUTPUT / f"{key}.txt").read_text(encoding="utf-8").strip().splitlines()
    print(f"\n{key} ({transcript['language']}):")
    print("\n".join(f"  {line}" for line in lines) or "  (no speech was found in it)")


def report(files: dict[str, Path], done: list[str], status: dict[str, Any], run: str, name: str) -> int:
    """Say where the transcripts are and what could not be done; the exit status."""
    if done:
        print(f"\n{len(done)} of {len(files)} transcribed; json, tsv, txt, vtt and srt of each are in {OUTPUT}")
    failures = status.get("failures", [])
    for failure in failures:
        key = failure["key"].removeprefix(f"{run}/")
        print(f"transcribe: {files.get(key, key)}: {failure['message']}", file=sys.stderr)
    if status.get("phase") == "Failed":
        print(f"transcribe: the job {name} failed: {condition(status, 'Failed').get('message', '')}", file=sys.stderr)
    return 0 if len(done) == len(files) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
