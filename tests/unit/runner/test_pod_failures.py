"""When it is not the file's fault: nothing is recorded that another machine, or a mended one, would do right."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.build import segment, transcript, word
from tests.unit.runner.pods import entries, keys, last_words, manifest, pod, put
from transcription_api.ledger import LedgerEntry
from transcription_api.names import ExitCode
from transcription_api.status import Stage, WordTimes
from transcription_api.transcript import AlignmentReport, Transcript
from transcription_runner.batch.early_faults import MOST_EARLY_FAULTS
from transcription_runner.batch.exit import RunError, run_error
from transcription_runner.engine.work import Result, Watch, Work
from transcription_runner.errors import ConfigurationError, DeviceError, FileError
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import StoreRefusedError, StoreUnavailableError, StoreUnreachableError


class ScriptedEngine:
    """Says of its first, second, third file ... what `says` gives for 0, 1, 2 ...; raises what is an exception."""

    def __init__(self, says: Callable[[int], Transcript | FileError | Exception]) -> None:
        self._says = says

    def transcribe(self, works: Iterable[Work], watch: Watch) -> Iterator[Result]:
        for number, work in enumerate(works):
            said = self._says(number)
            if isinstance(said, FileError):
                yield Result(work, fault=said)
            elif isinstance(said, Exception):
                raise said
            else:
                yield Result(work, said)


def internal(number: int) -> FileError:
    return FileError("InternalError", f"no kernel image for this device ({number})")


def speech() -> Transcript:
    return transcript(segment("hello"))


def ten_files(store: FolderStore) -> None:
    put(store, **{f"f{number}": b"x" for number in range(10)})


def claims(store: FolderStore) -> list[str]:
    return [key for key in keys(store) if "claims" in key]


def test_a_dead_device_ends_the_run_and_what_was_in_work_is_neither_done_nor_failed(store: FolderStore, tmp_path: Path) -> None:
    ten_files(store)
    dead = DeviceError("CudaError", "the GPU does not answer any more")
    one = pod(store, engine=ScriptedEngine(lambda number: speech() if number < 3 else dead))
    assert one.run() is ExitCode.INTERNAL
    assert last_words(tmp_path) == {"reason": "DeviceFailed", "message": "the GPU does not answer any more"}
    assert len(entries(store)) <= 3
    assert all(entry.reason is None for entry in entries(store).values())
    assert claims(store) == []
    assert pod(store).run() is ExitCode.DONE, "another pod does the rest"
    assert len(entries(store)) == 10


def test_a_run_whose_first_files_all_end_with_an_internal_error_stops_and_records_none(
    store: FolderStore, tmp_path: Path
) -> None:
    ten_files(store)
    one = pod(store, engine=ScriptedEngine(internal))
    assert one.run() is ExitCode.INTERNAL
    words = last_words(tmp_path)
    assert words["reason"] == "InternalError"
    assert f"the first {MOST_EARLY_FAULTS} files" in words["message"]
    assert f"no kernel image for this device ({MOST_EARLY_FAULTS - 1})" in words["message"]
    assert entries(store) == {}
    assert claims(store) == []
    assert one._desk.tally.report(Stage.FAILED, "").files.failed == 0


def test_damaged_files_and_silence_do_not_show_that_the_engine_works(store: FolderStore) -> None:
    ten_files(store)
    others: dict[int, Transcript | FileError] = {1: FileError("DamagedAudio", "cut off"), 3: transcript()}
    assert pod(store, engine=ScriptedEngine(lambda number: others.get(number, internal(number)))).run() is ExitCode.INTERNAL
    assert sorted(str(entry.reason) for entry in entries(store).values()) in ([], ["DamagedAudio"], ["DamagedAudio", "None"])


def test_one_file_with_words_shows_that_it_is_the_other_files(store: FolderStore) -> None:
    ten_files(store)
    assert pod(store, engine=ScriptedEngine(lambda number: speech() if number == 4 else internal(number))).run() is ExitCode.DONE
    assert manifest(store).counts.wire() == {"total": 10, "succeeded": 1, "skipped": 0, "failed": 9}


def test_a_few_files_that_all_fail_are_recorded(store: FolderStore) -> None:
    put(store, a=b"x", b=b"x")
    assert pod(store, engine=ScriptedEngine(internal)).run() is ExitCode.DONE
    assert {entry.reason for entry in entries(store).values()} == {"InternalError"}
    assert manifest(store).counts.failed == 2


def test_internal_errors_before_a_stop_are_not_recorded(store: FolderStore) -> None:
    put(store, a=b"x", b=b"x", c=b"x")

    def interrupted(number: int) -> FileError:
        one._told_to_stop(15, None)
        return internal(number)

    one = pod(store, engine=ScriptedEngine(interrupted))
    assert one.run() is ExitCode.INTERRUPTED
    assert entries(store) == {}
    assert claims(store) == []


def test_kept_back_files_free_their_scratch_so_that_the_next_can_be_fetched(store: FolderStore) -> None:
    ten_files(store)
    limits = Limits(lease_seconds=3.0, scratch_bytes=1)
    assert pod(store, engine=ScriptedEngine(lambda n: internal(n) if n < 4 else speech()), limits=limits).run() is ExitCode.DONE
    assert len(entries(store)) == 10


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ConfigurationError("ModelNotFound", "no"), ExitCode.CONFIGURATION, "ModelNotFound"),
        (DeviceError("OutOfDevice", "no"), ExitCode.INTERNAL, "DeviceFailed"),
        (StoreRefusedError("BucketNotFound", "no"), ExitCode.STORE_REFUSED, "BucketNotFound"),
        (StoreUnavailableError("no"), ExitCode.STORE_UNAVAILABLE, "StorageUnavailable"),
        (StoreUnreachableError("no"), ExitCode.STORE_UNAVAILABLE, "StorageUnreachable"),
        (KeyError("no"), ExitCode.INTERNAL, "InternalError"),
        (RunError(ExitCode.STORE_REFUSED, "Told", "no"), ExitCode.STORE_REFUSED, "Told"),
    ],
)
def test_each_error_has_its_exit_code(error: Exception, code: ExitCode, reason: str) -> None:
    ended = run_error(error)
    assert (ended.exit_code, ended.reason) == (code, reason)


def timed(status: Any, method: Any, *words: Any) -> Transcript:
    text = " ".join(one.word for one in words) or "three plain words"
    made = transcript(segment(text, words=list(words)))
    report = AlignmentReport(status=status, method=method)
    return made.model_copy(update={"transcription": made.transcription.model_copy(update={"alignment": report})})


def test_where_word_times_come_from_stands_in_ledger_manifest_and_report(store: FolderStore) -> None:
    put(store, a=b"x", b=b"x", c=b"x")
    said = [
        timed("aligned", "ctc", word("I", 0.0, 0.1), word("have", 0.1, 0.2), word("7", 0.2, 0.3, estimated=True)),
        timed("aligned", "attention", word("空", 0.0, 0.1)),
        timed("no-model", None),
    ]
    one = pod(store, engine=ScriptedEngine(lambda number: said[number]))
    assert one.run() is ExitCode.DONE

    def figures(of: Any) -> tuple[Any, ...]:
        return of.alignment, of.words, of.estimated_words

    found: list[LedgerEntry] = list(entries(store).values())
    assert {figures(entry) for entry in found} == {("ctc", 3, 1), ("attention", 1, 0), (None, 3, 0)}
    assert {figures(file) for file in manifest(store).files} == {figures(entry) for entry in found}
    report = one._desk.tally.report(Stage.FINISHED, "")
    assert report.word_times == WordTimes(ctc=1, attention=1, none=1, words=7, estimated=1)
