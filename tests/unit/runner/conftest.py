"""What one test sets for the whole process, the next does not see."""

from collections.abc import Iterator

import pytest

from transcription_runner.models.folders import model_folders, use_model_folders


@pytest.fixture(autouse=True)
def _model_folders() -> Iterator[None]:
    before = model_folders()
    yield
    use_model_folders(before)
