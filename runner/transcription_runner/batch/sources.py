"""Which objects a run works on: all wanted ones below a prefix, as a stream, or the listed keys."""

from collections.abc import Iterator
from dataclasses import dataclass

from wcmatch import glob

from transcription_api.runner_config import ResolvedOutput
from transcription_api.spec import Source
from transcription_api.speech import Format
from transcription_runner.batch.parallel import in_order
from transcription_runner.engine.decoding.suffixes import has_known_suffix
from transcription_runner.errors import FileError
from transcription_runner.store.port import ObjectInfo, ObjectMissingError, ObjectRefusedError, Store

GLOB_FLAGS = glob.GLOBSTAR | glob.DOTMATCH | glob.CASE | glob.FORCEUNIX
OUTPUT_SUFFIXES = tuple(f".{format_}" for format_ in Format)


@dataclass(frozen=True)
class SourceFile:
    """One object to transcribe. `fault` is set where it cannot even be fetched."""

    key: str
    size: int = 0
    etag: str = ""
    fault: FileError | None = None


@dataclass(frozen=True)
class Selection:
    """The filter over listed keys."""

    source: Source
    output: ResolvedOutput

    def wants(self, key: str) -> bool:
        """Whether the listed object is to be transcribed: it matches the filters, and no run of ours wrote it."""
        return self._matches(key) and not self._is_ours(key)

    def _matches(self, key: str) -> bool:
        prefix = self.source.prefix or ""
        if not key.startswith(prefix) or key.endswith("/"):
            return False
        below = key[len(prefix) :].lstrip("/")
        if self.source.include is None:
            wanted = has_known_suffix(key)
        else:
            wanted = glob.globmatch(below, self.source.include, flags=GLOB_FLAGS)
        return wanted and not (self.source.exclude and glob.globmatch(below, self.source.exclude, flags=GLOB_FLAGS))

    def _is_ours(self, key: str) -> bool:
        """Outputs, ledger and manifests of jobs with this output prefix, when source and output share a bucket."""
        if self.output.bucket != self.source.bucket or not key.startswith(self.output.prefix):
            return False
        below = key[len(self.output.prefix) :]
        if below.startswith(".ledger/") or (below.startswith("_manifest-") and below.endswith(".json")):
            return True
        origin, dot, suffix = below.rpartition(".")
        return f"{dot}{suffix}" in OUTPUT_SUFFIXES and self._matches(origin)


def source_files(store: Store, source: Source, output: ResolvedOutput) -> Iterator[SourceFile]:
    """Every object to transcribe. A listed key that cannot be used comes with its fault, so that it is reported, not lost."""
    if source.keys is not None:
        for _, file in in_order(lambda key: _listed(store, source.bucket, key), source.keys):
            yield file
        return
    selection = Selection(source, output)
    for found in store.list(source.bucket, source.prefix or ""):
        if selection.wants(found.key):
            yield _checked(found)


def _listed(store: Store, bucket: str, key: str) -> SourceFile:
    if fault := key_fault(key):
        return SourceFile(key, fault=fault)
    try:
        return _checked(store.stat(bucket, key))
    except ObjectMissingError:
        return SourceFile(key, fault=FileError("ObjectNotFound", f"bucket {bucket} holds no object with the key {key!r}"))
    except ObjectRefusedError as refused:
        return SourceFile(key, fault=FileError(refused.reason, refused.message))


def _checked(found: ObjectInfo) -> SourceFile:
    return SourceFile(found.key, found.size, found.etag, key_fault(found.key))


def key_fault(key: str) -> FileError | None:
    """Why no request should be made with this key: path segments that stores, clients and proxies resolve differently."""
    if any(segment in (".", "..") for segment in key.split("/")):
        return FileError("InvalidKey", f"the key {key!r} has a '.' or '..' segment; rename the object")
    return None
