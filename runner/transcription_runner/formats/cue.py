"""A cue: the lines that stand on the screen at once, and when."""

from dataclasses import dataclass

from transcription_runner.formats.tokens import Token


@dataclass(frozen=True)
class Cue:
    """Times are whole milliseconds; end > start."""

    start_ms: int
    end_ms: int
    lines: tuple[tuple[Token, ...], ...]
    speaker: str | None = None
    highlighted: int | None = None
    """The position, counted over all lines, of the word being spoken."""

    def line_texts(self) -> list[str]:
        """The lines as plain text."""
        return [line_text(line) for line in self.lines]


def line_text(line: tuple[Token, ...]) -> str:
    """The tokens of a line, joined as they were written."""
    return "".join((" " if index and token.spaced else "") + token.text for index, token in enumerate(line))
