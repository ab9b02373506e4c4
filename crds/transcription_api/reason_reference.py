"""The page of reasons (Markdown): a chapter for each place where a word is met, a paragraph for each word."""

from collections.abc import Iterator, Sequence

from transcription_api.reasons import Chapter, Reason

_HEAD = """\
<!-- Generated from crds/transcription_api/reasons by `make generate`; do not edit. -->

# Reasons, and what to do

Every word by which a job, a file, a schedule or the service says why. The message beside it is about your case: read it first.
`kubectl describe tsj NAME` shows both. For symptoms without a word see [troubleshooting](troubleshooting.md).

## Conditions

| kind | condition | when it is `True` |
|---|---|---|
| TranscriptionJob | `Running` | pods work; while it is `False`, its reason says what the job waits for |
| TranscriptionJob | `Suspended` | nothing works until somebody resumes the job |
| TranscriptionJob | `Complete` | the run ended well |
| TranscriptionJob | `Failed` | the run ended, and not well; another `spec.runId` runs again |
| TranscriptionJob | `Contested` | what the operator does is undone again and again; the condition goes when that stops |
| TranscriptionSchedule | `Ready` | nothing but `spec.suspend` keeps jobs from being made when they are due |
| TranscriptionSchedule | `Suspended` | `spec.suspend` is true: no jobs are made |
"""


def reason_reference(chapters: Sequence[Chapter]) -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for chapter in chapters for line in _chapter(chapter))])


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield from (f"## {chapter.title}", "", chapter.introduction, "")
    for reason in chapter.reasons:
        yield from (f"### {reason.word}", "", _paragraph(reason), "")


def _paragraph(reason: Reason) -> str:
    status = f" HTTP {reason.status}." if reason.status else ""
    to_do = f" **To do:** {reason.to_do}" if reason.to_do else ""
    return f"{reason.meaning}{status}{to_do or ' Nothing is to be done.'}"
