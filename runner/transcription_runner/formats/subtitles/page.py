"""What a reader can follow, by language: width of a line, lines, reading speed, and the times that a cue may stand.

All figures but one are those of the Netflix Timed Text Style Guides (general requirements, subtitle timing guidelines, and the
guide of each language), counted in columns (`text.py`), of which a full-width character takes two.
"""

import re
from dataclasses import dataclass

from transcription_api.speech import Subtitles
from transcription_api.transcript import Segment, Transcript

SHORTEST = 5 / 6
"""Seconds that a cue stands at least, where there is room for it."""
LEAST = 0.7
"""Seconds that a cue stands, even if there is no room: less is a flash that nobody reads. Ours."""
LONGEST = 7.0
"""Seconds that a cue stands at most."""
CHAINED = 0.5
"""A gap of up to so many seconds to the next cue is closed, for a cue that blinks off and on disturbs."""
GAP = 2 / 24
"""Seconds, two frames of film, by which a closed gap still shows that the text has changed."""
PAUSE = 1.0
"""A silence of more seconds than this between two words ends the cue. Ours: what is said later should not be read before."""

_SPEEDS = {"en": 20.0, "zh": 18.0, "yue": 18.0, "ja": 8.0, "ko": 24.0}
"""Columns a second: 20 characters of English, 9 of Chinese, 4 of Japanese, 12 of Korean."""
_OTHER_SPEED = 17.0
"""What most of the other guides say, Spanish, French and German among them."""
_WIDTHS = {"zh": 32, "yue": 32, "ja": 26, "ko": 32}
"""Columns of a line: 16 characters of Chinese and Korean, 13 of Japanese; elsewhere the 42 that is `maxLineWidth`'s default."""

_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Page:
    """What one cue can hold: `width` columns a line, `rows` lines, read at `speed` columns a second."""

    width: int
    rows: int
    speed: float
    language: str


def page(segment: Segment, transcript: Transcript, limits: Subtitles) -> Page:
    """The page for the language that the segment's text is in."""
    language = _written(segment, transcript)
    width = min(limits.max_line_width, _WIDTHS.get(language, limits.max_line_width))
    return Page(width, limits.max_line_count, _SPEEDS.get(language, _OTHER_SPEED), language)


def _written(segment: Segment, transcript: Transcript) -> str:
    """English for a translation, else the segment's own language, else the file's, unless the script says otherwise.

    Text of another script than the language's, such as a Japanese sentence in an English talk or the reverse, must be set as what
    it is. It is Chinese, Japanese or Korean where most letters are; "" is a language of which no more is known.
    """
    language = "en" if transcript.transcription.task == "translate" else segment.language or transcript.language
    kana, hangul, han = (len(script.findall(segment.text)) for script in (_KANA, _HANGUL, _HAN))
    asian, letters = kana + hangul + han, sum(map(str.isalpha, segment.text))
    if language in _WIDTHS:
        return language if asian or not letters else ""
    if 2 * asian <= letters:
        return language
    return "ja" if kana else "ko" if hangul > han else "zh"
