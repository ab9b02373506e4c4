"""The demo's side of the store: `python -m dev.samples upload | show`, run in an environment that has the `minio` package.

Reads S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY from the environment.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio

AUDIO = Path(__file__).resolve().parents[1] / "examples" / "audio"
SOURCE, OUTPUT = "calls", "transcripts"
FORMATS = ("json", "tsv", "txt", "vtt", "srt")


def store() -> Minio:
    """A client of the store that the environment names."""
    endpoint = urlsplit(os.environ["S3_ENDPOINT"])
    keys = {"access_key": os.environ["S3_ACCESS_KEY"], "secret_key": os.environ["S3_SECRET_KEY"]}
    return Minio(endpoint.netloc, **keys, secure=endpoint.scheme == "https")


def sample_keys() -> list[str]:
    """Keys of the sample recordings: their paths below examples/audio."""
    suffixes = {".wav", ".mp3", ".flac", ".m4a", ".ogg"}
    return sorted(path.relative_to(AUDIO).as_posix() for path in AUDIO.rglob("*") if path.suffix in suffixes)


def upload(client: Minio) -> None:
    """Put the samples into the bucket of examples/first-job.yaml."""
    for bucket in (SOURCE, OUTPUT):
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket)
    for key in sample_keys():
        client.fput_object(SOURCE, key, str(AUDIO / key))
        print(f"  {SOURCE}/{key}")


def show(client: Minio) -> None:
    """Print one transcript with its word times and every key written. Raises SystemExit if an output is missing."""
    written = {item.object_name for item in client.list_objects(OUTPUT, recursive=True)}
    missing = [f"{key}.{suffix}" for key in sample_keys() for suffix in FORMATS if f"{key}.{suffix}" not in written]
    if missing:
        sys.exit(f"not written: {', '.join(missing)}")
    key = f"{sample_keys()[0]}.json"
    response = client.get_object(OUTPUT, key)
    transcript = json.loads(response.read())
    response.close()
    print(f"{OUTPUT}/{key} ({transcript['language']}):")
    for segment in transcript["segments"]:
        print(f"\n  [{segment['start']:6.2f} - {segment['end']:6.2f}] {segment['text'].strip()}")
        for word in segment["words"]:
            print(f"     {word.get('start', 0):6.2f}  {word['word']}")
    print("\nWritten:")
    for name in sorted(name for name in written if not name.startswith(".ledger/")):
        print(f"  {OUTPUT}/{name}")


if __name__ == "__main__":
    {"upload": upload, "show": show}[sys.argv[1]](store())
