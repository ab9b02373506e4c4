"""The termination message: why a pod ended and what it did, as JSON in the file that Kubernetes reads into the pod's status.

It comes by the kubelet, so it arrives where the pod may not or cannot speak to the API server.
"""

from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from transcription_api.contract import Record
from transcription_api.report import ShardReport, is_possible

TERMINATION_FILE = "/dev/termination-log"
"""Kubernetes' own default."""
MOST_BYTES = 4096
"""Kubernetes cuts what is longer."""


def _readable(value: Any, read: ValidatorFunctionWrapHandler) -> ShardReport | None:
    """Why the pod ended is told even if the report beside it makes no sense."""
    try:
        report: ShardReport | None = read(value)
    except ValidationError:
        return None
    return report if report is not None and is_possible(report) else None


class TerminationMessage(Record):
    """A pod's last words."""

    reason: Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_]{0,126}[A-Za-z0-9])?$")]
    """One CamelCase word; a condition may carry it as its reason."""
    message: str = ""
    """A sentence."""
    report: Annotated[ShardReport | None, WrapValidator(_readable)] = None
    """The pod's last report: what it did."""

    def encoded(self) -> bytes:
        """JSON of at most MOST_BYTES. What is missed least goes first: what forecasts rest on, then
        listed failures, the end of the message, languages."""
        said = self
        while len(text := said.model_dump_json(by_alias=True, exclude_none=True).encode()) > MOST_BYTES:
            said = said._shorter()
        return text

    def _shorter(self) -> "TerminationMessage":
        report = self.report
        if report and report.survey and report.survey.kinds:
            return self._with(report.model_copy(update={"survey": report.survey.model_copy(update={"kinds": []})}))
        if report and report.failures:
            return self._with(report.model_copy(update={"failures": report.failures[:-1]}))
        if self.message:
            return self.model_copy(update={"message": self.message[: max(0, len(self.message) - 128)]})
        if report and (report.languages or (report.run and report.run.languages)):
            run = report.run.model_copy(update={"languages": {}}) if report.run else None
            return self._with(report.model_copy(update={"languages": {}, "run": run}))
        return self._with(None)

    def _with(self, report: ShardReport | None) -> "TerminationMessage":
        return self.model_copy(update={"report": report})


def read_termination_message(text: str) -> TerminationMessage | None:
    """What a pod said, or None for text that is no termination message, such as the end of a log."""
    try:
        return TerminationMessage.model_validate_json(text)
    except ValidationError:
        return None
