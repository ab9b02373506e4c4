"""The demo's side of the store: `python -m dev.samples upload | show`, run by the Python of dev/client.py."""

import json
import sys
from pathlib import Path
from textwrap import fill

from dev.bucket import FORMATS, Bucket

AUDIO = Path(__file__).resolve().parents[1] / "examples" / "audio"
SOURCE, OUTPUT = "calls", "transcripts"
_SUFFIXES = {".wav", ".mp3", ".flac", ".m4a", ".ogg"}


def sample_keys() -> list[str]:
    """Keys of the sample recordings: their paths below examples/audio."""
    return sorted(path.relative_to(AUDIO).as_posix() for path in AUDIO.rglob("*") if path.suffix in _SUFFIXES)


def upload() -> None:
    """Put the samples into the bucket of examples/first-job.yaml."""
    Bucket(OUTPUT)
    source = Bucket(SOURCE)
    for key in sample_keys():
        source.put(key, AUDIO / key)
        print(f"  {SOURCE}/{key}")


def show() -> None:
    """Print what was said in each sample, the first with times, and what was written. SystemExit if an output is missing."""
    output = Bucket(OUTPUT)
    written = output.keys()
    keys = sample_keys()
    missing = [f"{key}.{suffix}" for key in keys for suffix in FORMATS if f"{key}.{suffix}" not in written]
    if missing:
        sys.exit(f"not written: {', '.join(missing)}")
    for number, key in enumerate(keys):
        transcript = json.loads(output.get(f"{key}.json"))
        print(f"\n{SOURCE}/{key} ({transcript['language']}):")
        if number == 0:
            for segment in transcript["segments"]:
                print(f"  [{segment['start']:6.2f} - {segment['end']:6.2f}] {segment['text'].strip()}")
        else:
            said = " ".join(segment["text"].strip() for segment in transcript["segments"])
            print(fill(said, 100, initial_indent="  ", subsequent_indent="  "))
    print("\nWritten:")
    for key in keys:
        print(f"  {OUTPUT}/{key}.{{{','.join(FORMATS)}}}")


if __name__ == "__main__":
    {"upload": upload, "show": show}[sys.argv[1]]()
