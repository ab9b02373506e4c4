"""What is said of one word, and the chapter that it stands in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A word that a program says. Texts are Markdown; links go from docs/."""

    word: str
    meaning: str
    to_do: str
    """For the reader. Empty: nothing is to be done."""
    status: int | None = None
    """HTTP's, where the service answers it."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Words that are met in the same place."""

    title: str
    introduction: str
    """Where they are met."""
    reasons: tuple[Reason, ...]
