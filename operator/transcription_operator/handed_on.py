"""Labels of a TranscriptionJob that its pods get, too, so that what they cost can be told apart.

An administrator names the keys, and whoever makes a job gives the values. So no key may be one by which objects are known:
neither Kubernetes' own (admission, quotas and network policies go by them) nor ours.
"""

import re
from collections.abc import Iterable, Mapping

from transcription_api.names import GROUP
from transcription_api.patterns import LABEL_KEY

_OURS_AND_THEIRS = ("kubernetes.io", "k8s.io", GROUP)


def handed_on(labels: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """Of a job's `labels` those with one of `keys`."""
    return {key: labels[key] for key in keys if key in labels}


def fault_of_label(key: str) -> str | None:
    """Why labels with this key cannot be handed on; None: they can."""
    if not re.fullmatch(LABEL_KEY, key) or len(key) > 253:
        return f"{key!r} is no label key, such as team or example.com/team"
    domain = key.rpartition("/")[0]
    if any(domain.endswith(taken) for taken in _OURS_AND_THEIRS):
        return f"{key!r} cannot be handed on: whatever ends with {', '.join(_OURS_AND_THEIRS)} is not for users to set on pods"
    return None
