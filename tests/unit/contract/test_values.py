"""Values that cross a boundary do not change, so one of them serves all who need it."""

from transcription_api.spec import TranscriptionJobSpec


def test_defaults_are_shared_and_not_copied_for_every_job() -> None:
    one, other = (TranscriptionJobSpec.model_validate({"source": {"bucket": name}}) for name in ("calls", "notes"))
    assert one.decoding is other.decoding
    assert one.source != other.source
