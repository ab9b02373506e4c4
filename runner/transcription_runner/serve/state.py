"""`GET /service`: what is loaded, what may be asked for, and how busy the service is, before a file is sent."""

from pydantic import BaseModel, ConfigDict

from transcription_api.languages import LANGUAGE_CODES
from transcription_runner.serve.service import Service


class ServiceState(BaseModel):
    """The service at this moment."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    model: str
    """What is loaded."""
    compute_type: str
    """The number format that it computes in."""
    device: str
    """cpu or cuda."""
    languages: list[str]
    """What `language` may be."""
    places: int
    """Requests that are taken in at once; the next one gets 429."""
    places_taken: int
    """How many are in: they upload, wait or are in work, and take turns."""
    streams: int
    """Live streams that may be open at once."""
    streams_open: int
    """How many are open."""
    most_bytes: int
    """The largest upload."""
    longest_seconds: float
    """The longest recording."""


def state_of(service: Service) -> ServiceState:
    """What the service says of itself."""
    return ServiceState(
        model=service.served.name,
        compute_type=service.served.compute_type,
        device=service.served.device,
        languages=list(LANGUAGE_CODES),
        places=service.places.most,
        places_taken=service.places.taken,
        streams=service.streams.most,
        streams_open=service.streams.taken,
        most_bytes=service.most_bytes,
        longest_seconds=service.longest_seconds,
    )
