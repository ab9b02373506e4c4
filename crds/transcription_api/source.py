"""What is transcribed: all audio below a prefix of a bucket, or the listed keys."""

from typing import Annotated

from pydantic import ConfigDict, Field

from transcription_api.contract import SET, Contract, rules
from transcription_api.patterns import BucketName, Glob, KeyPrefix, ObjectKey


class Source(Contract):
    """Which objects to transcribe: all audio below a prefix, or the listed keys."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.keys) || !has(self.prefix)", "source.prefix and source.keys exclude each other: give one", ".prefix"),
            (
                "!has(self.keys) || (!has(self.include) && !has(self.exclude))",
                "source.include and source.exclude filter a prefix and cannot be combined with source.keys",
                ".keys",
            ),
        )
    )

    bucket: BucketName
    """The bucket that holds the audio."""
    prefix: KeyPrefix | None = None
    """Only objects whose key starts with this; left out together with keys, the whole bucket."""
    keys: Annotated[list[ObjectKey], Field(min_length=1, max_length=256, json_schema_extra=SET)] | None = None
    """The objects to transcribe, by full key; for more than 256 use a prefix."""
    include: Annotated[list[Glob], Field(min_length=1, max_length=64, json_schema_extra=SET)] | None = None
    """Globs on the key below the prefix, such as **/*.wav; left out, every known audio and video suffix."""
    exclude: Annotated[list[Glob], Field(max_length=64, json_schema_extra=SET)] | None = None
    """Globs on the key below the prefix that are left out."""
    min_files: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """With fewer files than this in the source the job is Failed; 0: an empty source is no failure."""
