"""Which objects a run works on: all wanted ones below a prefix, as a stream, or the listed keys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wcmatch import glob

from transcription_api.runner_config import ResolvedOutput
from transcription_api.source import Source
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

    def why_ignored(self, key: str) -> str | None:
        """None for an object that is to be transcribed, else the field of `Ignored` that counts it.

        It is to be transcribed if it matches the filters and no run of ours wrote it.
        """
        return "output" if self._is_ours(key) else self._why_unmatched(key)

    def _why_unmatched(self, key: str) -> str | None:
        below = key.removeprefix(self.source.prefix or "").lstrip("/")
        if key.endswith("/"):
            return "folder"
        if self.source.include is None and not has_known_suffix(key):
            return "suffix"
        if self.source.include is not None and not glob.globmatch(below, self.source.include, flags=GLOB_FLAGS):
            return "include"
        excluded = self.source.exclude and glob.globmatch(below, self.source.exclude, flags=GLOB_FLAGS)
        return "exclude" if excluded else None

    def _is_ours(self, key: str) -> bool:
        """Outputs, ledger and manifests of jobs with this output prefix, when source and output share a bucket."""
        if self.output.bucket != self.source.bucket or not key.startswith(self.output.prefix):
            return False
        below = key[len(self.output.prefix) :]
        if below.startswith(".ledger/") or (below.startswith("_manifest-") and below.endswith(".json")):
            return True
        origin, dot, suffix = below.rpartition(".")
        return (
            f"{dot}{suffix}" in OUTPUT_SUFFIXES
            and origin.startswith(self.source.prefix or "")
            and self._why_unmatched(origin) is None
        )


def source_files(
    store: Store, source: Source, output: ResolvedOutput, ignore: Callable[[str], None] | None = None
) -> Iterator[SourceFile]:
    """Every object to transcribe. A listed key that cannot be used comes with its fault, so that it is reported, not lost.

    Of each object that is left out, `ignore` hears why (Selection.why_ignored).
    """
    if source.keys is not None:
        for _, file in in_order(lambda key: _listed(store, source.bucket, key), source.keys):
            yield file
        return
    selection = Selection(source, output)
    for found in store.list(source.bucket, source.prefix or ""):
        why = selection.why_ignored(found.key)
        if why is None:
            yield _checked(found)
        elif ignore is not None:
            ignore(why)


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
