"""Times as text. Everything is whole milliseconds, so that rounding happens once."""


def milliseconds(seconds: float) -> int:
    """`seconds` from the start of the audio, rounded; times before the start count as the start."""
    return max(0, round(seconds * 1000))


def clock(time_ms: int, separator: str) -> str:
    """`HH:MM:SS` and milliseconds after `separator`; hours grow beyond two digits when they must."""
    hours, rest = divmod(time_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, fraction = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{fraction:03}"
