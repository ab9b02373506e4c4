"""What `/openapi.json` says is what the service does."""

from pathlib import Path

from tests.integration.runner.documented import asked_as_documented
from tests.integration.runner.service_process import serving

KEY = "a-key-of-the-call-centre"


def test_every_answer_is_one_that_the_document_knows_and_none_is_a_fault(models: Path, tmp_path: Path) -> None:
    with serving(models, TRANSCRIPTION_API_KEYS=KEY) as service:
        asked_as_documented(service, KEY, tmp_path, 8)
        assert (service.taken(), service.sizes()) == (0, [])
