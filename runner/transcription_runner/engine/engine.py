"""The engine: loaded models, and any number of files through all stages."""

from collections.abc import Iterator
from pathlib import Path

from transcription_api.runner_config import Recipe
from transcription_runner.engine.flow import Flow
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.work import Outcome, Watch, Work


class Engine:
    """Transcribes local files by one recipe. Close it, or use it as a context manager: it has child processes."""

    def __init__(self, recipe: Recipe, device: str, scratch: Path, longest_seconds: float, threads: int) -> None:
        """Load the models; `scratch` takes long recordings while they are worked on, `threads` are the CPU's.

        Raises ConfigurationError when a model is missing or the device cannot run it.
        """
        self._stages = Stages(recipe, device, threads, scratch, longest_seconds)

    def transcribe(self, works: Iterator[Work], watch: Watch) -> Iterator[Outcome]:
        """An outcome for each file, as soon as it is done. `works` is read from another thread, a few batches ahead.

        Raises RunError, or what the libraries raise, when no file can be done any more. Closing the iterator cancels.
        """
        return Flow(self._stages, works, watch).outcomes()

    @property
    def stage_seconds(self) -> dict[str, float]:
        """How long each stage has worked so far; stages overlap, so the sum can exceed the time that has passed."""
        return {stage: round(seconds, 3) for stage, seconds in self._stages.seconds.items()}

    def close(self) -> None:
        """End the child processes."""
        self._stages.decoder.close()
