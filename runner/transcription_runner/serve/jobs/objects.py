"""The sound and the transcripts of jobs in the store. Every call waits for it; all may raise what the store's port raises."""

import json
from collections.abc import Iterator
from pathlib import Path

from transcription_api.ledger import output_key
from transcription_api.source import Source
from transcription_api.speech import Format
from transcription_runner.formats.documents import MEDIA_TYPES
from transcription_runner.serve.answers import Body
from transcription_runner.serve.jobs.place import Place, sound_of
from transcription_runner.serve.jobs.state import Job
from transcription_runner.serve.parameters import Answer
from transcription_runner.store.port import ObjectRefusedError, Store

BLOCK_BYTES = 1 << 20


class Objects:
    """What belongs to jobs, by their names."""

    def __init__(self, store: Store, place: Place) -> None:
        self._store, self._place = store, place

    def keep(self, path: Path, source: Source) -> None:
        """Put an upload where the job's pods find it. It is read block by block, anew if it has to be sent again."""

        def blocks() -> Iterator[bytes]:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    yield block

        self._store.put_stream(source.bucket, sound_of(source), blocks, "application/octet-stream")

    def check(self, source: Source, most: int) -> None:
        """See that a recording which somebody names is there, and no larger than so many bytes."""
        size = self._store.stat(source.bucket, sound_of(source)).size
        if size > most:
            raise ObjectRefusedError("TooLarge", f"the object has {size} bytes; at most {most} are taken")

    def remove(self, name: str) -> None:
        """Delete the job's upload and its transcripts. A recording that was named, and not uploaded, is somebody else's."""
        for prefix in (self._place.uploads(name), self._place.transcripts(name)):
            for found in self._store.list(self._place.bucket, prefix):
                self._store.delete(self._place.bucket, found.key)

    def transcript(self, job: Job, wanted: Answer) -> Body:
        """The transcript as the job's pod wrote it; as `all`, a JSON object of the five."""
        if wanted is not Answer.ALL:
            return Body(self._written(job, Format(wanted)), MEDIA_TYPES[Format(wanted)])
        texts = {one: self._written(job, one).decode() for one in Format}
        whole = {str(one): json.loads(text) if one is Format.JSON else text for one, text in texts.items()}
        return Body(json.dumps(whole, ensure_ascii=False).encode(), MEDIA_TYPES[Format.JSON])

    def _written(self, job: Job, one: Format) -> bytes:
        output, source = job.spec.output, job.spec.source
        return self._store.get(output.bucket or source.bucket, output_key(output.prefix, sound_of(source), one))
