"""`clean`: stop the cluster and delete its data, and when asked what is kept for every checkout."""

import shutil

from dev.cluster.down import down
from dev.cluster.places import CACHE, STATE


def clean(cache_too: bool) -> None:
    """Delete `.dev/`; with `cache_too` also the built programs and images, which take minutes to make again."""
    down()
    for folder in (STATE, CACHE) if cache_too else (STATE,):
        print(f"deleting {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
