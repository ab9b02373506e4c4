"""Which language a file is in: heard in one chunk after the other, until one language is probable enough. Pure."""

from collections.abc import Mapping

from transcription_api.speech import LanguageDetection
from transcription_api.transcript import DetectedLanguage

MOST_CHUNKS = 5
"""After so many chunks the most probable language is taken, however doubtful."""


class LanguageVote:
    """The mean over the chunks heard so far, each as much as it is long."""

    def __init__(self, settings: LanguageDetection) -> None:
        self._settings = settings
        self._sum: dict[str, float] = {}
        self._seconds = 0.0
        self._chunks = 0

    def add(self, probabilities: Mapping[str, float], seconds: float) -> None:
        """What was heard in another chunk of so many seconds; probabilities by language code."""
        for code, probability in among(probabilities, self._settings.candidates).items():
            self._sum[code] = self._sum.get(code, 0.0) + probability * seconds
        self._seconds += seconds
        self._chunks += 1

    def decided(self, last: bool) -> DetectedLanguage | None:
        """The language, or None while another chunk should be heard; `last`: there is none."""
        if not self._seconds:
            return None
        code = max(self._sum, key=self._sum.__getitem__)
        probability = self._sum[code] / self._seconds
        if probability < self._settings.min_probability and self._chunks < MOST_CHUNKS and not last:
            return None
        return DetectedLanguage(code=code, probability=round(probability, 4))


def among(probabilities: Mapping[str, float], candidates: list[str]) -> dict[str, float]:
    """Probabilities of the candidates, which add up to 1 again; without candidates, or if all are impossible, as they are."""
    wanted = {code: probabilities.get(code, 0.0) for code in candidates}
    total = sum(wanted.values())
    return {code: probability / total for code, probability in wanted.items()} if total else dict(probabilities)
