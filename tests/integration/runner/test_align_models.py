"""Alignment models that cannot be loaded: what is remembered, what is tried again, and what ends the run."""

from typing import Any

import pytest

from transcription_runner.engine.words.align_models import RETRY_SECONDS, AlignModel, AlignModels


class Failing(AlignModels):
    """Raises one error after the other, and loads then."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.now, self.tries = list(errors), 0.0, 0
        super().__init__("cpu", clock=lambda: self.now)

    def _load(self, language: str, name: str | None) -> AlignModel:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        model: Any = AlignModel(language, None, None)  # type: ignore[arg-type]
        self._loaded[language] = model
        return self._loaded[language]


def wrapped(cause: Exception) -> Exception:
    """As whisperx raises what the hub's library raised."""
    try:
        try:
            raise cause
        except Exception:
            raise ValueError("the chosen align_model could not be found in huggingface or torchaudio")  # noqa: B904
    except ValueError as error:
        return error


@pytest.fixture(autouse=True)
def _nothing_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANSCRIPTION_MODEL_PATH", raising=False)


def test_a_language_without_a_model_is_remembered() -> None:
    models = Failing()
    assert [str(models.of("sw")) for _ in range(2)] == ["no alignment model for 'sw': none is known for this language"] * 2
    models.now = 1e9
    assert isinstance(models.of("sw"), str)
    assert models.tries == 0


def test_a_hub_that_does_not_answer_is_asked_again_after_a_while() -> None:
    models = Failing(wrapped(OSError("503 Server Error: Service Unavailable")))
    assert "503" in str(models.of("en"))
    models.now = RETRY_SECONDS - 1
    assert "503" in str(models.of("en"))
    assert models.tries == 1
    models.now = RETRY_SECONDS + 1
    assert isinstance(models.of("en"), AlignModel)


def test_a_lack_of_memory_is_over_with_the_next_batch() -> None:
    models = Failing(RuntimeError("CUDA failed with error out of memory"))
    assert "out of memory" in str(models.of("en"))
    assert isinstance(models.of("en"), AlignModel)


def test_models_of_other_languages_make_room() -> None:
    models = Failing()
    models.of("fr")
    models.errors = [MemoryError("CUDA out of memory")]
    assert isinstance(models.of("en"), AlignModel)
    assert list(models._loaded) == ["en"]


@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
def test_a_dead_device_is_no_missing_model(wrap: Any) -> None:
    with pytest.raises(RuntimeError, match="illegal memory access"):
        Failing(wrap(RuntimeError("CUDA error: an illegal memory access was encountered"))).of("en")
