"""The lines of a cue with the spoken word underlined; how text is escaped is the format's own matter."""

from collections.abc import Callable

from transcription_runner.formats.cue import Cue, line_text


def marked_lines(cue: Cue, escape: Callable[[str], str]) -> list[str]:
    """Each line's text, escaped; the highlighted word stands between `<u>` and `</u>`."""
    if cue.highlighted is None:
        return [escape(line_text(line)) for line in cue.lines]
    lines, position = [], 0
    for line in cue.lines:
        text = ""
        for index, token in enumerate(line):
            word = escape(token.text)
            text += " " if index and token.spaced else ""
            text += f"<u>{word}</u>" if position == cue.highlighted else word
            position += 1
        lines.append(text)
    return lines
