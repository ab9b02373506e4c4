"""Which words do the programs say as a reason? Read from their source, so that none can be forgotten.

Two nets. Who makes an error, a verdict or an Event writes the word down where it is made: every such call is found by its name.
And whatever looks like a reason (two capitals at least, as in NameTaken) is one, unless it is the name of something in our code,
or stands in NO_REASONS.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from transcription_api.names import ExitCode

ROOT = Path(__file__).parents[3]
ROOMS = ("operator/transcription_operator", "runner/transcription_runner")
MAKERS = frozenset(
    """
    Answer Cause ConfigurationError DeviceError EventRecord FileError NoProfile ObjectRefusedError Obstacle Refusal RefusedError
    RunError State StoreRefusedError TimetableError Verdict cls labels
    """.split()
)
WORD = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)*|[a-z]+(_[a-z]+){3,}")
SEVERAL_HUMPS = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)+")

NO_REASONS = {
    "objects and fields of Kubernetes": """
        BearerToken ClusterRole ClusterTranscriptionProfile DisruptionTarget FailJob FailedCreate FailureTarget
        FallbackToLogsOnError IfNotPresent NotIn OnRootMismatch PodFailurePolicy PodScheduled RoleBinding RuntimeDefault
        ServiceAccount TranscriptionJob TranscriptionProfile TranscriptionSchedule TranscriptionSchedules""",
    "the kubelet's words, translated": """
        ContainerCreating ErrImageNeverPull ErrImagePull FailedAttachVolume FailedCreatePodSandBox FailedMapVolume FailedMount
        ImagePullBackOff InvalidImageName PodInitializing RegistryUnavailable""",
    "S3's words, translated": """
        AccessDenied AllAccessDisabled ConditionalRequestConflict EncodingType ExpiredToken InvalidAccessKeyId InvalidArgument
        InvalidObjectName InvalidToken IsTruncated KeyTooLongError ListBucketResult NextContinuationToken NoSuchBucket NoSuchKey
        NoSuchVersion OperationAborted PreconditionFailed RequestTimeout ServiceUnavailable SignatureDoesNotMatch SlowDown
        SlowDownRead SlowDownWrite""",
    "what clients of live APIs say and are told": "CloseStream KeepAlive SpeechStarted",
    "what a forecast rests on": "EarlierRuns ThisRun ThisAndEarlierRuns",
    "of libraries": "OutOfMemoryError MemAvailable",
}


@cache
def source() -> str:
    """All that the programs are made of, as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@cache
def said_words() -> dict[str, str]:
    """Each word -> a place where it is said."""
    files = {path: ast.parse(path.read_text(encoding="utf-8")) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}
    contract = ast.parse((ROOT / "crds/transcription_api/names.py").read_text(encoding="utf-8"))
    constants = {name: value for tree in (contract, *files.values()) for name, value in _constants(tree)}
    names = {name for tree in files.values() for name in _own_names(tree)}
    none = {word for words in NO_REASONS.values() for word in words.split()}
    said = {"".join(part.capitalize() for part in code.name.split("_")): "names.py:ExitCode" for code in ExitCode}
    for path, tree in files.items():
        for word, line in (*_made(tree, constants), *_looking_like_one(tree, names | none)):
            said.setdefault(word, f"{path.relative_to(ROOT)}:{line}")
    return said


def _made(tree: ast.Module, constants: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The word in a call of a maker, however it is handed over; and the causes that an Answer may have, which are a type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _name(node.targets[0]) == "Cause":
            yield from ((str(one.value), one.lineno) for one in ast.walk(node.value) if isinstance(one, ast.Constant))
        if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
            values = [*node.args[:3], *(given.value for given in node.keywords if given.arg in ("reason", "code", "cause"))]
            for value in values:
                text = value.value if isinstance(value, ast.Constant) else constants.get(_name(value))
                if isinstance(text, str) and WORD.fullmatch(text) and text not in ("Normal", "Warning"):
                    yield text, node.lineno


def _looking_like_one(tree: ast.Module, known: set[str]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SEVERAL_HUMPS.fullmatch(node.value):
            if node.value not in known:
                yield node.value, node.lineno


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield _name(target), value.value


def _own_names(tree: ast.Module) -> Iterator[str]:
    """Classes, types and what is imported: annotations in quotes and `__all__` name them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
