"""What is wrong with what an administrator adds to runner pods?

It is said when the operator starts, not by each Job that the API server refuses.
"""

import json
from collections import Counter
from collections.abc import Iterator

from transcription_api.names import (
    CONFIG_FOLDER,
    ENV_COMPLETION_INDEX,
    ENV_POD_NAME,
    ENV_S3_ACCESS_KEY,
    ENV_S3_CA_FILE,
    ENV_S3_SECRET_KEY,
    GROUP,
    SCRATCH_FOLDER,
    STORE_CA_FOLDER,
    TOKEN_FOLDER,
)
from transcription_api.pod_additions import VOLUME_SOURCES, PodAdditions

RESERVED_VARIABLES = frozenset({ENV_S3_ACCESS_KEY, ENV_S3_SECRET_KEY, ENV_S3_CA_FILE, ENV_POD_NAME, ENV_COMPLETION_INDEX})
"""What the operator and the Job controller set themselves."""
RESERVED_VOLUMES = frozenset({"config", "token", "scratch", "model-cache", "store-ca"})
"""Names of the operator's own volumes."""
RESERVED_PLACES = frozenset({CONFIG_FOLDER, TOKEN_FOLDER, SCRATCH_FOLDER, STORE_CA_FOLDER})
"""Where they are mounted."""
MOST_CHARACTERS = 8192
"""Of all additions as JSON: they are recorded with each run, and a status stays small."""


def faults(added: PodAdditions) -> list[str]:
    """One sentence for each."""
    size = len(json.dumps(added.wire()))
    too_long = [f"all additions have {size} characters as JSON, at most {MOST_CHARACTERS} are recorded with a run"]
    return [*_faults(added), *(too_long if size > MOST_CHARACTERS else [])]


def _faults(added: PodAdditions) -> Iterator[str]:
    for key in (*added.labels, *added.annotations):
        if key.rpartition("/")[0].endswith(GROUP) or key.startswith("app.kubernetes.io/"):
            yield f"{key}: the operator sets labels and annotations of this kind itself"
    for variable in added.env:
        if variable.name in RESERVED_VARIABLES:
            yield f"{variable.name}: the operator sets this variable itself"
    names = [str(volume.get("name")) for volume in added.volumes]
    for name, volume in zip(names, added.volumes, strict=True):
        if name in RESERVED_VOLUMES:
            yield f"volume {name}: the operator has one of this name"
        if len(volume) != 2 or not any(source in volume for source in VOLUME_SOURCES):
            yield f"volume {name}: needs a name and one of {', '.join(VOLUME_SOURCES)}"
    yield from (f"volume {name}: there are several of this name" for name, number in Counter(names).items() if number > 1)
    for mount in added.volume_mounts:
        if mount.get("name") not in names:
            yield f"volume mount {mount.get('name')}: there is no additional volume of this name"
    places = Counter(str(mount.get("mountPath")).rstrip("/") for mount in added.volume_mounts)
    for place, number in places.items():
        if number > 1:
            yield f"mountPath {place}: there are several of it"
        if place in RESERVED_PLACES:
            yield f"mountPath {place}: the operator mounts a volume of its own there"
