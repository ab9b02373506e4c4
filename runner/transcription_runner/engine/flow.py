"""The resident flow: a thread for each stage, a pool before each, and works of all requests that come out as they are done.

    submit -> decode -> find speech -> recognise (several workers) ---------------> align -> report
                             │             └-> look again, where text is doubted ----^ │
                             └-> diarize, beside recognition --------------------------^

Chunks of all works in flight share batches. A fault of one work ends that work; a fault that concerns all ends the flow, and
with it every work in flight. Long recordings are searched for speech by a thread of their own, and urgent works have a decoder
and a recogniser of their own, so nobody's short recording waits for somebody's long one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from transcription_runner.engine.cuda import empty_cache
from transcription_runner.engine.faults import device_error, is_device_dead, is_out_of_memory
from transcription_runner.engine.heap import Heap
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.pool import ANY_LANE, URGENT_LANES, Pool, Waiting
from transcription_runner.engine.recognition.recognise import Heard
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.transcript import Part, Placed
from transcription_runner.engine.work import Lane, Piece, Result, Work
from transcription_runner.errors import FileError, TranscriptionError

log = logging.getLogger(__name__)

FILES_SEARCHED_AT_ONCE = 16
CHUNKS_ALIGNED_AT_ONCE = 32
CLOSING_SECONDS = 30.0
"""How long closing waits for batches in work: a thread inside native code would crash a process that ends."""
LONG_SECONDS = 60.0
"""Sounds from this length on are searched for speech by a thread of their own, one by one: each fills the detector's batches
alone, and the recogniser need not wait for the next one's."""

Recognised = tuple[InFlight, Part, Heard]
Item = TypeVar("Item", InFlight, tuple[InFlight, Part], Recognised)
Found = TypeVar("Found")


class Flow:
    """The threads and what flows between them."""

    def __init__(self, stages: Stages) -> None:
        self._stages, self._heap = stages, Heap()
        self._ended = Event()
        self._failure: BaseException | None = None
        self._files: set[InFlight] = set()
        self._lock = Lock()
        self._to_decode: Pool[InFlight] = Pool(self._ended)
        self._to_search: Pool[InFlight] = Pool(self._ended)
        self._long_to_search: Pool[InFlight] = Pool(self._ended)
        self._to_recognise: Pool[tuple[InFlight, Part, Heard | None]] = Pool(self._ended)
        self._to_align: Pool[Recognised] = Pool(self._ended)
        self._to_diarize: Pool[InFlight] = Pool(self._ended)
        parts: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
            *[(self._decode, (ANY_LANE,))] * (stages.decoder.children - 1),
            (self._decode, (URGENT_LANES,)),
            (self._find_speech, (self._to_search, FILES_SEARCHED_AT_ONCE)),
            (self._find_speech, (self._long_to_search, 1)),
            *[(self._recognise, (ANY_LANE,))] * stages.recogniser.workers,
            (self._recognise, (URGENT_LANES,)),
            (self._align, ()),
            (self._diarize, ()),
        ]
        self._threads = [
            Thread(target=self._guarded, args=(part, arguments), name=part.__name__.strip("_"), daemon=True)
            for part, arguments in parts
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, file: InFlight) -> None:
        """Take a work in; its report is told what became of it, from a thread of the flow, unless it is cancelled.

        Raises the flow's failure if it has failed.
        """
        with self._lock:
            self.check()
            self._files.add(file)
        self._to_decode.add([_waiting(file, file, 0.0)])

    def cancel(self, file: InFlight) -> None:
        """Nobody waits for it any more: it frees its place, at the latest when the batch in work is done."""
        if file.give_up():
            self._leave(file)
            for pool in (self._to_decode, self._to_search, self._long_to_search, self._to_diarize):
                pool.drop(lambda item: item is file)
            for of_parts in (self._to_recognise, self._to_align):
                of_parts.drop(lambda item: item[0] is file)

    def check(self) -> None:
        """Raises the failure that concerns all works, if there was one."""
        if self._failure is not None:
            raise self._failure
        if self._ended.is_set():
            raise RuntimeError("the engine is closed")

    @property
    def ended(self) -> Event:
        """Set once nothing more will be done."""
        return self._ended

    def close(self) -> None:
        """End the threads, when the batches in work are done. Who still waits for a work is told that nothing comes of it."""
        self._end_all(RuntimeError("the engine was closed before this was done"))
        deadline = time.monotonic() + CLOSING_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _guarded(self, part: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        try:
            part(*arguments)
        except BaseException as error:  # told to everybody who waits
            with self._lock:
                self._failure = self._failure or error
            self._end_all(self._failure)

    def _end_all(self, why: BaseException) -> None:
        with self._lock:
            self._ended.set()
            unfinished, self._files = self._files, set()
        for file in unfinished:
            if file.give_up():
                file.report(why)

    def _decode(self, lanes: tuple[Lane, ...]) -> None:
        while batch := self._to_decode.take(1, lanes):
            if not batch[0].inside and not batch[0].gate.enter():
                return
            batch[0].inside = True
            for file, sound in self._each(batch, lambda files: [self._stages.decode(files[0].work)]):
                file.sound = sound
                file.gate.measured(sound.seconds)
                file.watch.opened(file.work, sound.seconds)
                pool = self._long_to_search if sound.seconds >= LONG_SECONDS else self._to_search
                pool.add([_waiting(file, file, sound.seconds, file.recipe.vad.method)])

    def _find_speech(self, pool: Pool[InFlight], at_once: int) -> None:
        while batch := pool.take(at_once):
            for file, chunks in self._each(batch, self._stages.find_speech):
                ready = file.cut(chunks)
                if not file.parts:
                    self._end(file, file.complete())
                elif file.recipe.diarization.enabled:
                    self._to_diarize.add([_waiting(file, file, file.seconds)])
                self._wait_for_recognition(file, ready)

    def _recognise(self, lanes: tuple[Lane, ...]) -> None:
        while batch := self._to_recognise.take(self._stages.batch_size.current, lanes):
            fresh = [(file, part) for file, part, heard in batch if heard is None]
            doubted = [(file, part, heard) for file, part, heard in batch if heard is not None]
            for (file, part), heard in self._each(fresh, self._stages.recognise):
                settled = file.settle(part, heard)
                self._wait_for_recognition(file, settled.ready)
                for one, told in settled.done:
                    if told.doubted and len(file.recipe.decoding.temperatures) > 1:
                        self._wait_for_second_look(file, one, told)
                    else:
                        self._recognised(file, one, told)
            for (file, part, _), better in self._each(doubted, self._stages.look_again):
                self._recognised(file, part, better)

    def _align(self) -> None:
        while batch := self._to_align.take(CHUNKS_ALIGNED_AT_ONCE):
            for (file, part, _), placed in self._each(batch, self._stages.align):
                file.watch.piece(file.work, _piece(file, part, placed))
                self._end(file, file.complete([placed]))

    def _diarize(self) -> None:
        while batch := self._to_diarize.take(1):
            for file, voices in self._each(batch, self._stages.diarize):
                self._end(file, file.complete(voices=voices))

    def _wait_for_recognition(self, file: InFlight, parts: Sequence[Part]) -> None:
        self._to_recognise.add(
            _waiting((file, part, None), file, _length(part), (file.asked.key, file.window_frames(part))) for part in parts
        )

    def _wait_for_second_look(self, file: InFlight, part: Part, heard: Heard) -> None:
        can_wait = file.lane is Lane.BULK
        key = (file.asked.key, "again")
        self._to_recognise.add([_waiting((file, part, heard), file, _length(part), key, can_wait)])

    def _recognised(self, file: InFlight, part: Part, heard: Heard) -> None:
        file.gate.recognised(file.recognised(part))
        file.watch.heard(file.work, file.recognised_seconds)
        self._to_align.add([_waiting((file, part, heard), file, _length(part))])

    def _each(self, items: Sequence[Item], stage: Callable[[Sequence[Item]], Sequence[Found]]) -> Iterator[tuple[Item, Found]]:
        """What the stage makes of each item. Where it fails with several, each is tried alone; what fails alone has failed."""
        wanted = [item for item in items if not _file(item).over]
        if not wanted:
            return
        began = time.monotonic()
        recognition = stage in (self._stages.recognise, self._stages.look_again)
        fault: Exception | None = None
        try:
            found = stage(wanted)
        except Exception as error:
            fault = error
        if fault is None:
            if recognition:
                self._stages.batch_size.on_success(len(wanted))
            for item, answer in zip(wanted, found, strict=True):
                _file(item).busy((time.monotonic() - began) / len(wanted))
                yield item, answer
            return
        if isinstance(fault, TranscriptionError) and not isinstance(fault, FileError):
            raise fault
        if is_device_dead(fault):
            raise device_error(fault) from fault
        if is_out_of_memory(fault):
            fault.__traceback__ = None  # it keeps the tensors of its frames alive
            empty_cache()
            if recognition and self._stages.batch_size.on_out_of_memory(len(wanted)):
                log.warning("out of memory; for now batches of %d", self._stages.batch_size.current)
        if len(wanted) == 1:
            self._fail(_file(wanted[0]), fault)
            return
        for half in (wanted[: len(wanted) // 2], wanted[len(wanted) // 2 :]):
            yield from self._each(half, stage)

    def _fail(self, file: InFlight, error: Exception) -> None:
        if not file.give_up():
            return
        if file.sound is None:
            file.watch.opened(file.work, 0.0)
        self._leave(file)
        file.report(Result(file.work, fault=_fault(file.work, error), busy_seconds=file.busy_seconds))

    def _end(self, file: InFlight, complete: bool) -> None:
        if complete:
            transcript = file.transcript(self._stages.model)
            self._leave(file)
            file.report(Result(file.work, transcript, busy_seconds=file.busy_seconds))

    def _leave(self, file: InFlight) -> None:
        with self._lock:
            self._files.discard(file)
        self._heap.give_back()
        if file.inside:
            file.gate.leave(file.seconds, file.recognised_seconds)


def _fault(work: Work, error: Exception) -> FileError:
    if isinstance(error, FileError):
        return error
    if is_out_of_memory(error):
        return FileError("OutOfMemory", "it needs more memory than there is")
    log.error("transcribing %s failed", work.source.key if work.source else "a sound", exc_info=error)
    return FileError("InternalError", f"{type(error).__name__}: {str(error)[:300]}")


def _file(item: InFlight | tuple[Any, ...]) -> InFlight:
    found: InFlight = item if isinstance(item, InFlight) else item[0]
    return found


def _length(part: Part) -> float:
    return part.chunk.end - part.chunk.start


T = TypeVar("T")


def _waiting(item: T, file: InFlight, seconds: float, key: Any = None, can_wait: bool = False) -> Waiting[T]:
    return Waiting(seconds, item, file.request, file.work.client, file.lane, key, can_wait)


def _piece(file: InFlight, part: Part, placed: Placed) -> Piece:
    names = file.names()
    segments = placed.segments(file.recipe, names[part.channel] if names else None)
    return Piece(part.chunk.start, part.chunk.end, segments, file.parts.index(part), placed.heard.language.code)
