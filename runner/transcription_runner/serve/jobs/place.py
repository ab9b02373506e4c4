"""Where the service's jobs work, as its options say, and where in the bucket each one's sound and transcripts lie. Pure."""

import re
import secrets
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from transcription_api.ledger import output_key
from transcription_api.patterns import BucketName, DnsSubdomain, Endpoint, ModelName
from transcription_api.source import Source
from transcription_runner.engine.decoding.suffixes import has_known_suffix
from transcription_runner.serve.refusals import Refusal

NAME: Final = re.compile(r"speech-[0-9a-f]{32}")
LONGEST_KEY = 1024
"""Bytes; S3's own bound."""
_ADDRESS = re.compile(r"s3://([^/]*)/(.*)", re.DOTALL)


def new_name() -> str:
    """The name of a job. Whoever knows it can read the transcript, so nobody can guess it: 128 random bits."""
    return f"speech-{secrets.token_hex(16)}"


class Place(BaseModel):
    """What is the same for all jobs of a service."""

    model_config = ConfigDict(frozen=True)

    bucket: BucketName
    """For uploads and transcripts."""
    prefix: Annotated[str, Field(max_length=200, pattern=r"^([^/].*)?$")] = ""
    endpoint: Endpoint
    secret: DnsSubdomain | None = None
    """With the store's keys, for the jobs' pods; left out, the one that a profile or the operator names."""
    sources: frozenset[BucketName] = frozenset()
    """Buckets beside its own whose objects may be named instead of a file."""
    model: ModelName

    @field_validator("prefix")
    @classmethod
    def _a_folder(cls, prefix: str) -> str:
        return prefix if prefix.endswith("/") or not prefix else f"{prefix}/"

    def uploads(self, name: str) -> str:
        """Below this lies what was uploaded for the job."""
        return f"{self.prefix}uploads/{name}/"

    def transcripts(self, name: str) -> str:
        """Below this lies what the job writes."""
        return f"{self.prefix}transcripts/{name}/"

    def upload(self, name: str, file_name: str) -> Source:
        """The sound of an upload. Of a client's name for its file nothing is kept but a suffix that is known."""
        suffix = f".{file_name.rpartition('.')[2].lower()}" if has_known_suffix(file_name) else ""
        return Source(bucket=self.bucket, keys=[f"{self.uploads(name)}recording{suffix}"])

    def source(self, name: str, address: str) -> Source:
        """The sound that an address s3://BUCKET/KEY names. Raises Refusal (InvalidParameter, SourceNotAllowed)."""
        found = _ADDRESS.fullmatch(address)
        try:
            source = Source(bucket=found[1], keys=[found[2]]) if found else None
        except ValidationError:
            source = None
        if source is None:
            raise Refusal(422, "InvalidParameter", "source must be s3://BUCKET/KEY, the address of one recording", "source")
        if source.bucket not in (allowed := sorted({self.bucket, *self.sources})):
            message = f"source: of the store's buckets this service takes {', '.join(allowed)}, and no other"
            raise Refusal(422, "SourceNotAllowed", message, "source", allowed)
        if len(output_key(self.transcripts(name), sound_of(source), "json").encode()) > LONGEST_KEY:
            raise Refusal(422, "InvalidParameter", "source: the key is too long for its transcripts to have one", "source")
        return source


def sound_of(source: Source) -> str:
    """The one key of a source."""
    return (source.keys or [""])[0]
