"""Transcripts that are hard to write down: text like a file's own syntax, of every script, with times that cannot be."""

import random

from tests.unit.runner.build import limits, segment, transcript, word
from transcription_api.speech import Subtitles
from transcription_api.transcript import Segment, Transcript, Word

TEXTS = [
    "R&D <b> a --> b",
    "-->",
    "1\n00:00:01,000 --> 00:00:02,000\nhidden",
    "00:00:01,000 --> 00:00:02,000 00:00:03.000 --> 00:00:04.000",
    "5 10:00:00 and 11:00:00",
    "WEBVTT",
    "NOTE this is no note",
    "STYLE ::cue { color: red }",
    "a\tb\r\nc\x00d\x85e\u2028f\x0bg\x0ch\u2029i",
    "</v><c.red>&lt;&amp;&nbsp;</c> <00:01.000>",
    "<i>it</i> <font color=red>is</font> <!-- not --> markup",
    "{\\an8}{\\u1}not ASS{\\u0} C:\\News \\N \\h",
    "[SPEAKER_99]: quoted [A] { } \"quotes\", 'apostrophes'; tab\tseparated",
    "👩‍👩‍👧 naïve e\u0301 ﷺ שלום \u200fRTL\u200e 🇩🇪 👍🏽",
    "مرحبا بالعالم، كيف حالك؟ نعم.",
    "日本語のテキストです。次の文、「引用」はここで終わる。東京タワーへ行きました！",
    "我们今天下午三点在北京开会，请大家准时参加。谢谢！",
    "한국어 자막은 한 줄에 열여섯 글자입니다. 다음 문장.",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
    "z\u200be\u200cr\u200do\u2060w\ufeffidth\u00adsoft",
    "e" + "\u0301" * 40,
    "42",
    "please 7 42 1.5 -3 2026",
    "x" * 300,
    "😀" * 60,
    "",
    " \t\n",
    "\ud83d half \udc00 characters",
    "Well, I told you so. But nobody listened, because the rain was loud! And then we went home, to the old house on the hill?",
    "please confirm that the order number seven four two has been sent today",
    "No sé si mañana vendrán los niños, pero mi hermana y yo estaremos en la casa de la abuela hasta las diez.",
]
SPEAKERS = [None, None, "SPEAKER_00", "SPEAKER_01", "A & B > C", "<b>\n--> Zoë"]
LANGUAGES = ["en", "es", "de", "ja", "zh", "ko", "ar", "th"]


def hostile(seed: int) -> tuple[Transcript, Subtitles]:
    """A transcript and limits of every kind, the same for the same seed. One in ten is later than 99 hours."""
    chance = random.Random(seed)
    time = chance.choice([0.0] * 9 + [400_000.0])
    parts = []
    for _ in range(chance.randrange(12)):
        text = " ".join(chance.choices(TEXTS, k=chance.choice([1, 1, 2, 5])))
        start = max(0.0, time + chance.choice([0.0, 0.0, 0.3, 2.0, -1.0, 1e-4]))
        length = chance.choice([0.0, 1e-4, 0.4, 3.0, 8.0, 25.0, 0.06 * len(text)])
        time = start + length
        speaker = chance.choice(SPEAKERS)
        parts.append(_said(chance, text, start, length, speaker))
    bounds = limits(chance.choice([10, 20, 42, 42, 60]), chance.choice([1, 2, 2, 3]), chance.random() < 0.3)
    return transcript(*parts, language=chance.choice(LANGUAGES)), bounds


def _said(chance: random.Random, text: str, start: float, length: float, speaker: str | None) -> Segment:
    """Words in good order, single characters for words, impossible times, words that do not spell the text, or none."""
    kind = chance.choice(["timed", "timed", "characters", "impossible", "other", "none"])
    texts = list("".join(text.split())) if kind == "characters" else text.split()
    words: list[Word] = []
    if kind in ("timed", "characters"):
        step = length / max(1, len(texts))
        words = [word(one, start + index * step, start + (index + 1) * step) for index, one in enumerate(texts)]
        if kind == "timed" and speaker and chance.random() < 0.5:
            words = [one.model_copy(update={"speaker": chance.choice(SPEAKERS)}) for one in words]
    elif kind == "impossible":
        times = [None, 0.0, start, start, start - 5, start + length, start + 100]
        words = [word(one, chance.choice(times), chance.choice(times)) for one in texts]
    elif kind == "other":
        words = [word(one, start, start) for one in texts[::2]]
    return segment(text, start, start + length, words=words, speaker=speaker)
