"""A bucket with very many short sounds, and the ledger that a run over them leaves: made in a minute or two, not transcribed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.servers import Account
from tests.integration.runner.sound import said, silence, wav
from transcription_api.ledger import LedgerEntry, Outcome, Worker, output_key, recipe_hash
from transcription_api.runner_config import RunnerConfig
from transcription_runner.batch.ledger import Ledger, Written, content_of
from transcription_runner.batch.packed import PackedLedger
from transcription_runner.batch.packing import Packing
from transcription_runner.batch.scratch import Scratch

SPOKEN = 6
"""The first so many objects are speech."""
SECONDS = 0.2
"""Of silence in each of the others."""
_TEXT = "the account is ready"


@cache
def sounds() -> tuple[bytes, bytes]:
    """Speech, which is not the same when it is made again, and silence."""
    return wav(said(_TEXT)), wav(silence(SECONDS))


def key(number: int) -> str:
    """Objects lie in one folder, in the listing's order."""
    return f"in/{number:07}.wav"


def filled(bucket: Bucket, objects: int) -> float:
    """Put so many sounds; the seconds that it took."""
    spoken, short = sounds()
    began = time.monotonic()
    bucket.put_many((key(number), spoken if number < SPOKEN else short) for number in range(objects))
    return time.monotonic() - began


def spoken_last(bucket: Bucket, objects: int) -> None:
    """One more, which comes last in the listing."""
    bucket.put(key(objects), sounds()[0])


def ledger_written(bucket: Bucket, account: Account, config: dict[str, Any], objects: int, folder: Path) -> float:
    """Entries of an earlier run that did all of them, and the packed ledger that it left; the seconds that it took."""
    read = RunnerConfig.model_validate(config)
    shaped = recipe_hash(read.model, read.recipe, read.output)
    store, scratch = account.store(), Scratch(1 << 34)
    ledger = Ledger(store, bucket.name, read.output.prefix, bucket.name)
    packing = Packing(PackedLedger(store, ledger, read.source.prefix or "", scratch), ledger, folder / "packing")
    packing.begin()
    etags = [hashlib.md5(sound, usedforsecurity=False).hexdigest() for sound in sounds()]

    def entries() -> Iterator[tuple[str, bytes]]:
        for number in range(objects):
            source = key(number)
            entry = LedgerEntry(
                bucket=bucket.name,
                key=source,
                etag=etags[number >= SPOKEN],
                recipe_hash=shaped,
                outcome=Outcome.SUCCEEDED,
                outputs=[output_key(read.output.prefix, source, format_) for format_ in read.output.formats],
                language="en" if number < SPOKEN else None,
                audio_seconds=SECONDS,
                worker=Worker(job_name="calls-0", shard=0, pod_name="calls-0-0-abcde"),
                finished_at=datetime.now(UTC),
            )
            content = content_of(entry)
            packing.add(Written(entry, content))
            yield ledger.key(source), content

    began = time.monotonic()
    bucket.put_many(entries())
    packing.put(store)
    scratch.close()
    return time.monotonic() - began
