"""Holding back what does not stay done.

An admission policy may change what the operator asks for, a controller may change it back, a field may be pruned: every request
succeeds, nothing fails, and the next look finds the same to do. So the same deed on the same object, although it succeeded the
last time, waits as a crashing container does: twice as long each time, five minutes at most, and all is forgotten after ten
quiet ones. Any other deed is done at once: the spec has changed, or the world has.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from transcription_operator.observed import Contest
from transcription_operator.plan import ChildAction, DeleteJob, PatchJob, Plan, StartRun

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
FORGOTTEN_AFTER = 2 * LONGEST_PAUSE
SAID_AFTER = 3
"""How often the same has to be done before it is said that it does not stay."""

_INCIDENTAL = frozenset({"lastTransitionTime", "completionTime", "accountedUntil", "jobName", "transitions"})
"""Fields of status that come from the clock, or from the status before: with all else equal, the write is the same."""


@dataclass(frozen=True, slots=True)
class _Deed:
    parts: frozenset[str]
    """Hashes of what was asked for: each action with its object, each field with its value."""
    times: int
    at: float
    message: str

    @property
    def pause(self) -> float:
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.times - 1, 20))


class Repetition:
    """The last deed for each TranscriptionJob, among its children and in its status: how often in a row, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._children: dict[str, _Deed] = {}
        self._status: dict[str, _Deed] = {}

    def __len__(self) -> int:
        return len(self._children) + len(self._status)

    def hold_back(self, uid: str, plan: Plan) -> Plan:
        """The plan without what has to wait, and with the time to look again."""
        pauses = []
        if plan.children and (pause := self._pause(self._children.get(uid), _actions(plan.children))):
            pauses.append(pause)
            plan = replace(plan, children=())
        if plan.status is not None and (pause := self._pause(self._status.get(uid), _fields(plan.status))):
            pauses.append(pause)
            plan = replace(plan, status=None, events=(), ends_run=False)
        if not pauses:
            return plan
        # A plan may want another look at once, to go on from what it does. It does not do it now.
        if plan.requeue_after:
            pauses.append(plan.requeue_after)
        return replace(plan, requeue_after=min(pauses))

    def acted(self, uid: str, actions: tuple[ChildAction, ...]) -> str | None:
        """`actions` were carried out. Returns, once, what to say when they do not stay done."""
        return self._done(self._children, uid, _actions(actions), "; ".join(_said(action) for action in actions))

    def wrote(self, uid: str, patch: dict[str, Any]) -> str | None:
        """`patch` of status was written. Returns, once, what to say when it does not stay written."""
        return self._done(self._status, uid, _fields(patch), f"status ({', '.join(sorted(patch))}) was written")

    def contest(self, uid: str) -> Contest | None:
        """What the operator does for the TranscriptionJob's children and does not stay done, if there is such a thing."""
        deed = self._children.get(uid)
        if deed is None or deed.times < SAID_AFTER or not self._remembered(deed):
            return None
        return Contest(deed.message, deed.at + FORGOTTEN_AFTER - self._clock())

    def forget(self, uid: str) -> None:
        """A TranscriptionJob is settled or gone."""
        self._children.pop(uid, None)
        self._status.pop(uid, None)

    def _pause(self, last: _Deed | None, parts: frozenset[str]) -> float:
        return max(0.0, last.at + last.pause - self._clock()) if last and self._again(last, parts) else 0.0

    def _again(self, last: _Deed, parts: frozenset[str]) -> bool:
        """Whether nothing of it is new: what the last deed asked for, or what is left of that, is wanted once more."""
        return parts <= last.parts and self._remembered(last)

    def _done(self, deeds: dict[str, _Deed], uid: str, parts: frozenset[str], said: str) -> str | None:
        last, times = deeds.get(uid), 1
        if last and self._again(last, parts):
            parts, times = last.parts, last.times + 1
        message = (
            f"{said} again and again, each time with success, and does not stay so: an admission policy or another controller "
            "changes it; further attempts come at growing intervals"
        )
        deeds[uid] = _Deed(parts, times, self._clock(), message)
        return message if times == SAID_AFTER else None

    def _remembered(self, deed: _Deed) -> bool:
        return self._clock() < deed.at + FORGOTTEN_AFTER


def _actions(actions: tuple[ChildAction, ...]) -> frozenset[str]:
    return frozenset(sha256(repr(action).encode()).hexdigest() for action in actions)


def _fields(patch: dict[str, Any]) -> frozenset[str]:
    return frozenset(sha256(json.dumps(field, sort_keys=True).encode()).hexdigest() for field in _essence(patch).items())


def _essence(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _essence(inner) for name, inner in value.items() if name not in _INCIDENTAL}
    if isinstance(value, list):
        return [_essence(inner) for inner in value]
    return value


def _said(action: ChildAction) -> str:
    match action:
        case StartRun(job):
            return f"Job {job['metadata']['name']} was made"
        case PatchJob(name, _, spec):
            return f"{', '.join(f'{field}={json.dumps(value)}' for field, value in spec.items())} was set on Job {name}"
        case DeleteJob(name):
            return f"Job {name} was deleted"
