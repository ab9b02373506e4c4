"""Word and phoneme times of an utterance, from the events of the synthesiser."""

from __future__ import annotations

from dataclasses import dataclass

from .espeak import Event, Utterance


@dataclass(frozen=True)
class Span:
    """A name (word or phoneme) and its start and end in seconds."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Timed:
    """Words with their phonemes; `phonemes[i]` belong to `words[i]`."""

    words: tuple[Span, ...]
    phonemes: tuple[tuple[Span, ...], ...]


def _is_sound(event: Event) -> bool:
    return event.kind == "phoneme" and event.name != "" and event.name[0] not in "_;"


def timed(utterance: Utterance, words: list[str]) -> Timed | None:
    """The spans of `words` in `utterance`; None if the synthesiser joined or split words."""
    events = utterance.events
    groups: list[list[Span]] = []
    for index, event in enumerate(events):
        if event.kind == "word":
            groups.append([])
        elif _is_sound(event) and groups:
            following = next((e for e in events[index + 1 :] if e.kind == "phoneme"), None)
            end = following.start if following else len(utterance.audio) / 16_000
            groups[-1].append(Span(event.name, event.start, max(end, event.start)))
    groups = [group for group in groups if group]
    if len(groups) != len(words):
        return None
    spans = tuple(Span(word, group[0].start, group[-1].end) for word, group in zip(words, groups, strict=True))
    return Timed(spans, tuple(tuple(group) for group in groups))
