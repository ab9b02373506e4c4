"""One model fetched into a folder.

It is fetched into `NAME.partial` beside the place where it belongs, checked against what the hub says of each file, given its
checksums, and moved into place. So a pull that was interrupted never looks complete, and goes on where it stopped.
"""

import glob
import hashlib
import os
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from transcription_runner.models.checksums import CHECKSUMS_FILE, checksums_of, faults, read_checksums, write_checksums
from transcription_runner.models.names import Bundle, HubModel, needed

PARTIAL = ".partial"


class FetchError(Exception):
    """A model could not be fetched; the message says why and what to do."""


def fetch(name: str, source: HubModel | Bundle, folder: Path) -> bool:
    """Have the model in `folder` / `name`, complete; False if it already was. Raises FetchError."""
    target = folder / name
    partial = target.with_name(target.name + PARTIAL)
    if target.exists():
        if _complete(target):
            return False
        _reopen(target, partial)
    try:
        origin, revision = _from_bundle(source, partial) if isinstance(source, Bundle) else _from_hub(source, partial)
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        write_checksums(partial, checksums_of(partial, origin, revision))
        partial.rename(target)
    except (OSError, ValueError, RuntimeError) as error:
        raise FetchError(_explained(error, source)) from error
    return True


def _complete(target: Path) -> bool:
    """Whether a model lies there unchanged. Raises FetchError for a folder that no pull has made."""
    try:
        checksums = read_checksums(target)
    except ValueError:
        return False
    if checksums is None:
        raise FetchError(
            f"{target} is there already, without {CHECKSUMS_FILE}: it was not pulled; remove it or choose another folder"
        )
    return not any(faults(target, checksums, contents=True))


def _reopen(target: Path, partial: Path) -> None:
    """Make a damaged model an unfinished one, which keeps its good files."""
    shutil.rmtree(partial, ignore_errors=True)
    target.rename(partial)
    try:
        checksums = read_checksums(partial)
    except ValueError:
        checksums = None
    for name, _ in list(faults(partial, checksums, contents=True)) if checksums else []:
        (partial / name).unlink(missing_ok=True)
    (partial / CHECKSUMS_FILE).unlink()


def _from_hub(source: HubModel, partial: Path) -> tuple[str, str]:
    """Fetch the files that the runner loads; (repository, commit)."""
    from huggingface_hub import HfApi, constants, snapshot_download

    if constants.HF_HUB_OFFLINE:
        raise ValueError("cannot be fetched, since HF_HUB_OFFLINE is set")
    info = HfApi().model_info(source.repository, files_metadata=True)
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or []}
    names = needed(siblings, (info.config or {}).get("model_type"))
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"names a file outside its folder: {name!r}")
    partial.mkdir(parents=True, exist_ok=True)
    _check_space(partial, sum(siblings[name].size or 0 for name in names))
    patterns = [glob.escape(name) for name in names]
    snapshot_download(source.repository, revision=info.sha, local_dir=partial, allow_patterns=patterns, max_workers=4)
    damaged = [name for name in names if not _as_announced(partial / name, siblings[name])]
    for name in damaged:
        (partial / name).unlink(missing_ok=True)
    if damaged:
        raise OSError(f"arrived damaged: {', '.join(damaged)}")
    return source.repository, str(info.sha)


def _as_announced(path: Path, sibling: Any) -> bool:
    """Whether a file is the one that the hub lists: by its SHA-256 if it is large, by its git blob id if it is small."""
    if not path.is_file() or (sibling.size is not None and path.stat().st_size != sibling.size):
        return False
    if sibling.lfs is not None:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == str(sibling.lfs.sha256)
    blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size + path.read_bytes(), usedforsecurity=False)
    return sibling.blob_id is None or blob.hexdigest() == str(sibling.blob_id)


def _check_space(folder: Path, wanted: int) -> None:
    have = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if wanted - have > free:
        raise ValueError(f"needs {(wanted - have) / 1e9:.1f} GB more, and {folder} has {free / 1e9:.1f} GB free")


def _from_bundle(source: Bundle, partial: Path) -> tuple[str, None]:
    """Have torchaudio fetch the weights, a single file, and load them once, which shows that they are sound."""
    partial.mkdir(parents=True, exist_ok=True)
    try:
        getattr(import_module("torchaudio.pipelines"), source.name).get_model(dl_kwargs={"model_dir": str(partial)})
    except Exception as error:  # what pickle raises for damaged weights is anything
        shutil.rmtree(partial)
        raise OSError(f"could not be fetched whole: {error}") from error
    return f"torchaudio {source.name}", None


def _explained(error: Exception, source: HubModel | Bundle) -> str:
    """What went wrong, and what to do about it."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    status = error.response.status_code if isinstance(error, HfHubHTTPError) and error.response is not None else None
    what = source.name if isinstance(source, Bundle) else f"{constants.ENDPOINT}/{source.repository}"
    token = "the token in HF_TOKEN" if os.environ.get("HF_TOKEN") else "no token: HF_TOKEN is not set"
    if isinstance(error, GatedRepoError):
        return f"{what} is gated, and there is {token}. Accept its terms there, and give the token of that account in HF_TOKEN"
    if isinstance(error, RepositoryNotFoundError):
        return f"{what} does not exist, or is private, and there is {token}"
    if status in (401, 403):
        return f"{what} refuses access ({status}), and there is {token}"
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"{what} {first_line}"
    return f"{what}: {first_line}. Run the same command again" + (
        "" if isinstance(source, Bundle) else "; it goes on where it stopped"
    )
