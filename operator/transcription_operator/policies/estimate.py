"""What is there to do? In words, for a job that asks for nothing but that (spec.estimateOnly)."""

from transcription_api.status import Forecast
from transcription_operator.policies.figures import Figures

PROGRESS = "estimate"
"""In the place of a percentage, so that nobody takes the job for one that has transcribed something."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def what_is_to_do(figures: Figures) -> str:
    """Files, bytes and hours of audio of a source that was looked through."""
    files, survey, audio = figures.files, figures.survey, figures.audio_seconds
    if files is None or survey is None or audio is None:
        return "estimate: the pod told no figures"
    left, done = files.total - files.skipped, survey.done_bytes
    already = f" ({files.skipped} more are done already, {told_bytes(done)})" if files.skipped else ""
    hours = told_hours(audio.total / 3600)
    return f"estimate: {left} files to do, {told_bytes(survey.bytes - done)}, about {hours} of audio{already}"


def what_it_takes(forecast: Forecast, pods: int) -> str:
    """Time, GPUs and money; what is not known is said to be unknown."""
    off = f"(may be off by {forecast.error_percent}%)"
    if forecast.duration_seconds is None:
        return f" {off}; how long that takes is not known, no run with these settings has succeeded here yet"
    with_pods = f"{pods} pods" if pods > 1 else "one pod"
    parts = [f"about {told_hours(forecast.duration_seconds / 3600)} with {with_pods}"]
    if forecast.gpu_hours is not None:
        parts.append(f"{forecast.gpu_hours:.1f} GPU hours")
    if forecast.cost is not None:
        parts.append(f"{forecast.cost:.2f} {forecast.currency or ''}".rstrip())
    return f"; {', '.join(parts)} {off}"


def told_bytes(number: int) -> str:
    """Three digits and a unit."""
    amount, unit = float(max(0, number)), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 or amount >= 99.95 else f"{amount:.1f} {_UNITS[unit]}"


def told_hours(hours: float) -> str:
    """Hours as people say them: minutes while there are few."""
    if hours < 2:
        return f"{round(hours * 60)} minutes"
    return f"{hours:.0f} hours" if hours >= 10 else f"{hours:.1f} hours"
