"""One call of the engine: a thread for each stage, bounded queues between them, and files that come out as they are done.

    works -> decode -> find speech -> pool of chunks -> recognise (several workers) -> align -> outcomes
                            └-> diarize, beside recognition ----------------------------^

Chunks of all files in flight share batches. The gate bounds what is in flight, and with it every queue. A fault of one file ends
that file, a fault that concerns all ends the call, and closing the outcomes cancels what is left.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock, Thread
from typing import TypeVar

from transcription_runner.engine.channel import Channel
from transcription_runner.engine.faults import is_out_of_memory
from transcription_runner.engine.gate import Gate
from transcription_runner.engine.heap import Heap
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.pool import Pool, Waiting
from transcription_runner.engine.recognise import Heard
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.vad import Chunk
from transcription_runner.engine.work import Outcome, Watch, Work
from transcription_runner.errors import FileError, RunError

log = logging.getLogger(__name__)

BATCHES_IN_FLIGHT = 3
"""One with the recogniser, one waiting for it, one on the way; more would only keep other pods from their share."""
WINDOW_SECONDS = 30.0
FILES_SEARCHED_AT_ONCE = 16
CHUNKS_ALIGNED_AT_ONCE = 32

Part = tuple[InFlight, Chunk]
Recognised = tuple[InFlight, Chunk, Heard]
Item = TypeVar("Item", InFlight, Part, Recognised)
Found = TypeVar("Found")


class Flow:
    """The threads of one call and what flows between them."""

    def __init__(self, stages: Stages, works: Iterator[Work], watch: Watch) -> None:
        self._stages, self._works, self._watch, self._heap = stages, works, watch, Heap()
        windows = BATCHES_IN_FLIGHT * stages.batch_size.current
        self._cancelled, self._exhausted, self._one_at_a_time = Event(), Event(), Lock()
        self._failure: BaseException | None = None
        self._gate = Gate(windows, windows * WINDOW_SECONDS, self._cancelled)
        self._decoded: Channel[InFlight] = Channel(windows, self._cancelled)
        self._pool: Pool[Part] = Pool(self._cancelled)
        self._recognised: Channel[Recognised] = Channel(2 * CHUNKS_ALIGNED_AT_ONCE, self._cancelled)
        self._to_diarize: Channel[InFlight] = Channel(windows, self._cancelled)
        self._outcomes: Channel[Outcome] = Channel(2, self._cancelled)

    def outcomes(self) -> Iterator[Outcome]:
        """Files in the order in which they are done. Raises the failure that concerns all, if there is one."""
        parts = [self._find_speech, self._align]
        parts += [self._decode] * self._stages.decoder.children + [self._recognise] * self._stages.recogniser.workers
        if self._stages.diarizer is not None:
            parts.append(self._diarize)
        for part in parts:
            Thread(target=self._guarded, args=(part,), name=part.__name__.strip("_"), daemon=True).start()
        try:
            yield from self._outcomes
        finally:
            self._cancelled.set()
        if self._failure is not None:
            raise self._failure

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except BaseException as error:  # handed to the thread that reads the outcomes
            self._failure = self._failure or error
            self._cancelled.set()

    def _decode(self) -> None:
        while self._gate.enter():
            with self._one_at_a_time:
                work = next(self._works, None)
            if work is None:
                self._exhausted.set()
                self._leave()
                return
            began = time.monotonic()
            try:
                audio = self._stages.decode(work.path)
            except RunError:
                raise
            except Exception as error:
                fault = _fault(work, error)
                self._watch.opened(work, 0.0)
                self._outcomes.put(Outcome(work, fault=fault, busy_seconds=time.monotonic() - began))
                self._leave()
                continue
            self._gate.measured(audio.seconds)
            self._watch.opened(work, audio.seconds)
            self._decoded.put(self._stages.in_flight(work, audio, time.monotonic() - began))

    def _find_speech(self) -> None:
        for files in self._decoded.batches(FILES_SEARCHED_AT_ONCE):
            for file, chunks in self._each(files, self._stages.find_speech):
                ready = file.cut(chunks)
                if not chunks:
                    self._end(file, file.complete(turns=()))
                elif file.turns is None:
                    self._to_diarize.put(file)
                self._wait_in_pool(file, ready)

    def _recognise(self) -> None:
        while batch := self._pool.take(self._stages.batch_size.current):
            for (file, chunk), heard in self._each([waiting.chunk for waiting in batch], self._stages.recognise):
                self._wait_in_pool(file, file.is_in(heard.language.code))
                self._gate.recognised(file.recognised(chunk))
                self._watch.heard(file.work, file.recognised_seconds)
                self._recognised.put((file, chunk, heard))

    def _align(self) -> None:
        for batch in self._recognised.batches(CHUNKS_ALIGNED_AT_ONCE):
            for (file, _, _), piece in self._each(batch, self._stages.align):
                self._end(file, file.complete(pieces=[piece]))

    def _diarize(self) -> None:
        for waiting in self._to_diarize:
            for file, turns in self._each([waiting], self._stages.diarize):
                self._end(file, file.complete(turns=turns))

    def _wait_in_pool(self, file: InFlight, chunks: list[Chunk]) -> None:
        self._pool.add([Waiting(chunk.end - chunk.start, (file, chunk)) for chunk in chunks])

    def _each(self, items: Sequence[Item], stage: Callable[[Sequence[Item]], Sequence[Found]]) -> Iterator[tuple[Item, Found]]:
        """What the stage makes of each item. Where it fails with several, each is tried alone; what fails alone has failed."""
        wanted = [item for item in items if not _file(item).over]
        if not wanted:
            return
        began = time.monotonic()
        try:
            found = stage(wanted)
        except RunError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                if stage == self._stages.recognise and self._stages.batch_size.on_out_of_memory(len(wanted)):
                    log.warning("out of memory; from now on batches of %d", self._stages.batch_size.current)
            elif "CUDA" in str(error):
                raise  # the device is gone for all files
            if len(wanted) == 1:
                self._fail(_file(wanted[0]), error)
                return
            for item in wanted:
                yield from self._each([item], stage)
            return
        for item, answer in zip(wanted, found, strict=True):
            _file(item).busy((time.monotonic() - began) / len(wanted))
            yield item, answer

    def _fail(self, file: InFlight, error: Exception) -> None:
        if not file.give_up():
            return
        self._outcomes.put(Outcome(file.work, fault=_fault(file.work, error), busy_seconds=file.busy_seconds))
        self._leave(file)

    def _end(self, file: InFlight, complete: bool) -> None:
        if complete:
            transcript = file.transcript(self._stages.recipe)
            self._outcomes.put(Outcome(file.work, transcript, busy_seconds=file.busy_seconds))
            self._leave(file)

    def _leave(self, file: InFlight | None = None) -> None:
        """A file, or a thread that found none, is out of the gate; the last one closes everything behind it."""
        self._heap.give_back()
        lengths = (file.audio.seconds, file.recognised_seconds) if file else ()
        if self._gate.leave(*lengths) and self._exhausted.is_set():
            self._pool.close()
            for channel in (self._decoded, self._recognised, self._to_diarize, self._outcomes):
                channel.close()


def _fault(work: Work, error: Exception) -> FileError:
    if isinstance(error, FileError):
        return error
    if is_out_of_memory(error):
        return FileError("OutOfMemory", "the file needs more memory than the pod has")
    log.error("transcribing %s failed", work.source.key, exc_info=error)
    return FileError("InternalError", f"{type(error).__name__}: {str(error)[:300]}")


def _file(item: InFlight | Part | Recognised) -> InFlight:
    return item if isinstance(item, InFlight) else item[0]
