"""The measures of each pair, their totals, and both as the JSON report (docs/evaluation.md documents the keys)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transcription_runner.evaluation.normalise import timed_tokens, tokens
from transcription_runner.evaluation.pairs import Problem
from transcription_runner.evaluation.recognition import TextErrors, character_errors, word_errors
from transcription_runner.evaluation.speakers import COLLARS, SpeakerErrors, speaker_errors
from transcription_runner.evaluation.speech import Speech
from transcription_runner.evaluation.timing import TOLERANCES_MS, WordTimes, word_times


@dataclass(frozen=True)
class Measures:
    """What could be measured; None where one side says nothing of it."""

    words: TextErrors | None = None
    characters: TextErrors | None = None
    speakers: tuple[SpeakerErrors, ...] | None = None
    """One for each of COLLARS."""
    times: WordTimes | None = None


def measure(transcript: Speech, reference: Speech, normalised: bool = True) -> Measures:
    """All measures that both sides have the material for."""
    words = characters = None
    if transcript.text is not None and reference.text is not None:
        said, heard = tokens(reference.text, normalised), tokens(transcript.text, normalised)
        words, characters = word_errors(said, heard), character_errors(said, heard)
    times = None
    if transcript.words is not None and reference.words is not None:
        times = word_times(timed_tokens(reference.words, normalised), timed_tokens(transcript.words, normalised))
    speakers = None
    if transcript.turns is not None and reference.turns is not None:
        speakers = tuple(speaker_errors(reference.turns, transcript.turns, collar) for collar in COLLARS)
    return Measures(words, characters, speakers, times)


def total(files: Iterable[Measures]) -> Measures:
    """The sums: rates of the whole are errors of all files over the material of all files, not means of rates."""
    together = list(files)
    words = [each.words for each in together if each.words is not None]
    characters = [each.characters for each in together if each.characters is not None]
    speakers = [each.speakers for each in together if each.speakers is not None]
    times = [each.times for each in together if each.times is not None]
    return Measures(
        sum(words, TextErrors()) if words else None,
        sum(characters, TextErrors()) if characters else None,
        tuple(sum(column, SpeakerErrors()) for column in zip(*speakers, strict=True)) if speakers else None,
        sum(times, WordTimes()) if times else None,
    )


def report(files: dict[str, Measures], problems: list[Problem], normalised: bool) -> dict[str, Any]:
    """The report for machines."""
    return {
        "normalised": normalised,
        "compared": len(files),
        "total": as_json(total(files.values())),
        "files": {name: as_json(measures) for name, measures in files.items()},
        "problems": [{"file": problem.file, "message": problem.message} for problem in problems],
    }


def as_json(measures: Measures) -> dict[str, Any]:
    """The measures there are, by key."""
    found: dict[str, Any] = {}
    if measures.words is not None:
        found["wer"] = _text(measures.words)
    if measures.characters is not None:
        found["cer"] = _text(measures.characters)
    for collar, errors in zip(COLLARS, measures.speakers or (), strict=False):
        found[f"der_collar_{round(collar * 1000)}_ms"] = _speakers(errors)
    if measures.times is not None:
        found["word_times"] = _times(measures.times)
    return found


def _text(errors: TextErrors) -> dict[str, Any]:
    return {
        "rate": _rounded(errors.rate),
        "reference": errors.reference,
        "substitutions": errors.substitutions,
        "insertions": errors.insertions,
        "deletions": errors.deletions,
    }


def _speakers(errors: SpeakerErrors) -> dict[str, Any]:
    return {
        "rate": _rounded(errors.rate),
        "speech_seconds": _rounded(errors.speech),
        "missed_seconds": _rounded(errors.missed),
        "false_alarm_seconds": _rounded(errors.false_alarm),
        "confusion_seconds": _rounded(errors.confusion),
    }


def _times(times: WordTimes) -> dict[str, Any]:
    within = {
        f"within_{tolerance}_ms": {
            "precision": _rounded(times.precision(tolerance)),
            "recall": _rounded(times.recall(tolerance)),
            "f1": _rounded(times.f1(tolerance)),
        }
        for tolerance in TOLERANCES_MS
    }
    return {
        "reference": times.reference,
        "transcript": times.hypothesis,
        **within,
        "start_error_median_seconds": _rounded(times.start_error(0.5)),
        "start_error_p95_seconds": _rounded(times.start_error(0.95)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
