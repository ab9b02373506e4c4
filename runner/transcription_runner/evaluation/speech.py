"""What one side of a comparison, a transcript or a reference, says about one recording."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TimedWord:
    """One word and when it is spoken, in seconds; `None` where the file gives no time."""

    word: str
    start: float | None
    end: float | None


@dataclass(frozen=True)
class SpeakerTurn:
    """One speaker's stretch of speech, in seconds. Turns may overlap."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True)
class Speech:
    """Text, words and speaker turns of one recording. `None`: nothing is said of them; empty: it is said that there are none."""

    text: str | None = None
    words: tuple[TimedWord, ...] | None = None
    turns: tuple[SpeakerTurn, ...] | None = None

    def completed_by(self, other: "Speech") -> "Speech":
        """This, and from `other` what this says nothing of."""
        return Speech(
            self.text if self.text is not None else other.text,
            self.words if self.words is not None else other.words,
            self.turns if self.turns is not None else other.turns,
        )
