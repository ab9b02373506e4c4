"""The engine: loaded models, and any number of sounds through all stages, for batches and for people at once."""

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import ComputeType
from transcription_api.transcript import Transcript
from transcription_runner.engine.flow import Flow
from transcription_runner.engine.gate import LOOK_SECONDS, Gate
from transcription_runner.engine.in_flight import Answer, InFlight
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.work import Lane, Piece, Result, SoundSource, Watch, Work

BATCHES_IN_FLIGHT = 3
"""One with the recogniser, one waiting for it, one on the way; more would only keep other pods from their share."""
WINDOW_SECONDS = 30.0
MOST_SUBMITTED = 64
"""Submitted works that are decoded and not yet done, at most; later ones wait as they came."""


class Silent:
    """A watch that tells nobody."""

    def opened(self, work: Work, seconds: float) -> None:
        """See Watch."""

    def heard(self, work: Work, seconds: float) -> None:
        """See Watch."""

    def piece(self, work: Work, piece: Piece) -> None:
        """See Watch."""


class Engine:
    """Transcribes sounds. It may be used from several threads. Close it, or use it as a context manager."""

    def __init__(
        self,
        model: ResolvedModel | str,
        device: str | None = None,
        *,
        scratch: Path | None = None,
        longest_seconds: float = 12 * 3600.0,
        threads: int = 2,
        device_index: int = 0,
    ) -> None:
        """Load the model: by name (large-v2), hub name (owner/name) or folder.

        `device`: cuda or cpu; left out, a GPU if there is one. `scratch`: the folder for the sound of long recordings while
        they are worked on (a temporary one); `longest_seconds`: longer sound fails as TooLong; `threads`: of the CPU.
        Raises ConfigurationError when the model is missing or the device cannot run it.
        """
        device = device or found_device()
        if isinstance(model, str):
            model = ResolvedModel(name=_absolute(model), compute_type=usual_compute_type(device))
        folder = scratch or Path(tempfile.gettempdir())
        self._hold(Stages(model, device, folder, longest_seconds, threads, device_index))

    def _hold(self, stages: Stages) -> None:
        self._stages = stages
        self._flow = Flow(self._stages)
        self._gates = {lane: Gate(MOST_SUBMITTED, float("inf"), self._flow.ended) for lane in Lane}

    def submit(self, work: Work, watch: Watch | None = None) -> "Future[Transcript]":
        """The transcript, some time. Works that are submitted take turns; cancelling the future frees the work's place.

        The future raises FileError for a sound that cannot be transcribed, DeviceError when the device has failed.
        Raises ConfigurationError for a recipe that cannot be carried out here.
        """
        future: Future[Transcript] = Future()

        def report(answer: Answer) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if isinstance(answer, Result) and answer.transcript is not None:
                future.set_result(answer.transcript)
            else:
                future.set_exception(answer.fault if isinstance(answer, Result) else answer)

        file = InFlight(work, self._stages.asked(work.recipe), object(), self._gates[work.lane], watch or Silent(), report)
        future.add_done_callback(lambda done: self._flow.cancel(file) if done.cancelled() else None)
        self._flow.submit(file)
        return future

    def transcribe(self, works: Iterable[Work | SoundSource], watch: Watch | None = None) -> Iterator[Result]:
        """A result for each work, as soon as it is done, in the order in which they are done.

        `works` is read from another thread, a few batches ahead; a sound alone stands for a work with the usual recipe. Closing
        the iterator cancels what is left. Raises what the source raises, ConfigurationError, DeviceError, or what the libraries
        raise when nothing can be done any more.
        """
        call = _Call(self._stages, self._flow, works, watch or Silent(), BATCHES_IN_FLIGHT * self._stages.batch_size.current)
        try:
            yield from call.results()
        finally:
            call.close()

    def prepare(self, recipe: Recipe) -> None:
        """Look whether a recipe can be carried out, before there is a work for it; models that it names may have to be fetched.

        Raises ConfigurationError.
        """
        self._stages.asked(recipe)

    def check(self) -> None:
        """Raises what ended the engine, if anything has: then nothing more can be done by it."""
        self._flow.check()

    def put_away(self, idle_seconds: float) -> bool:
        """Give the memory of the recogniser's weights back if nothing was recognised for so long; whether that was done.

        The next work fetches them again. The smaller models of other stages stay.
        """
        return self._stages.recogniser.weights.put_away(idle_seconds)

    @property
    def at_hand(self) -> bool:
        """Whether the recogniser's weights are on the device."""
        return self._stages.recogniser.weights.at_hand

    @property
    def stage_seconds(self) -> dict[str, float]:
        """How long each stage has worked so far; stages overlap, so the sum can exceed the time that has passed."""
        return {stage: round(seconds, 3) for stage, seconds in self._stages.seconds.items()}

    @property
    def batch_size(self) -> int:
        """How many chunks are recognised at once now."""
        return self._stages.batch_size.current

    def close(self) -> None:
        """End the threads and the child processes."""
        self._flow.close()
        self._stages.decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Call:
    """One call of `transcribe`: its works are one request, and a gate of its own bounds what is in flight of it."""

    def __init__(self, stages: Stages, flow: Flow, works: Iterable[Work | SoundSource], watch: Watch, windows: int) -> None:
        self._stages, self._flow, self._works, self._watch = stages, flow, iter(works), watch
        self._closed = Event()
        self._gate = Gate(windows, windows * WINDOW_SECONDS, self._closed)
        self._answers: SimpleQueue[Answer | None] = SimpleQueue()
        self._unfinished: set[InFlight] = set()
        self._taken = 0

    def results(self) -> Iterator[Result]:
        """See Engine.transcribe."""
        Thread(target=self._read, name="works", daemon=True).start()
        done, all_taken = 0, False
        while not all_taken or done < self._taken:
            try:
                answer = self._answers.get(timeout=LOOK_SECONDS)
            except Empty:
                self._flow.check()
                continue
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                all_taken = True
                continue
            done += 1
            yield answer

    def close(self) -> None:
        """Cancel what is left."""
        self._closed.set()
        for file in list(self._unfinished):
            self._flow.cancel(file)

    def _read(self) -> None:
        """Take works in while there is room; None at their end, or what broke them off."""
        try:
            while self._gate.enter():
                given = next(self._works, None)
                if given is None:
                    break
                work = given if isinstance(given, Work) else Work(given)
                file = InFlight(work, self._stages.asked(work.recipe), self, self._gate, self._watch, self._answers.put, True)
                self._taken += 1
                self._unfinished = {one for one in self._unfinished if not one.over} | {file}
                self._flow.submit(file)
            self._answers.put(None)
        except BaseException as error:  # handed to the thread that reads the results
            self._answers.put(error)


def transcribe(
    works: Iterable[Work | SoundSource], model: ResolvedModel | str = "large-v2", device: str | None = None, **settings: Any
) -> Iterator[Result]:
    """A result for each sound, as soon as it is done: load the model, transcribe, close. For the arguments see Engine."""
    with Engine(model, device, **settings) as engine:
        yield from engine.transcribe(works)


def found_device() -> str:
    """cuda if this machine has a GPU that CTranslate2 sees, else cpu."""
    import ctranslate2

    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def usual_compute_type(device: str) -> ComputeType:
    """The number format that suits the device."""
    return ComputeType.FLOAT16 if device == "cuda" else ComputeType.INT8


def _absolute(name: str) -> str:
    """A local folder by its absolute path; any other name as it is."""
    return str(Path(name).resolve()) if Path(name).is_dir() else name
