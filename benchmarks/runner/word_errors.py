"""Word error rates of both commands on voices and sentences that the model was not trained on, in English and Spanish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .corpus import recordings
from .sides import SIDES, Setting, run
from .transcripts import texts, word_error_rate


def measured(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """One command a side and language, since stock aligns one language a command when it is given a model."""
    detail: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for side in SIDES:
        said: list[str] = []
        heard: list[str] = []
        for language in ("en", "es"):
            files = [file for file in recordings("heldout") if file.language == language]
            now = texts(run(side, files, setting, language), files)
            detail[f"wer_{side}_{language}"] = round(word_error_rate([file.text for file in files], now), 4)
            said += [file.text for file in files]
            heard += now
            say(f"{side}, {len(files)} files in {language}: WER {detail[f'wer_{side}_{language}']:.2%}")
        figures[f"wer_{side}"] = word_error_rate(said, heard)
    return figures, detail | {"files": len(recordings("heldout"))}
