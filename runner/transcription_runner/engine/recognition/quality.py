"""Whether recognised text can be believed: the checks by which Whisper itself decides to decode again, and one for loops.

The rules are those of OpenAI's Whisper (transcribe.py), and so are the thresholds unless the recipe has others. WhisperX accepts
them as options and never applies them in batches.
"""

import zlib

from transcription_api.speech import Decoding

MOST_REPETITIONS = 4
"""The same one to eight words so often in a row are a loop, unless they are few: people do say "no no no no"."""
LONGEST_PATTERN_WORDS = 8
LEAST_LOOPING_WORDS = 10


def suspicions(text: str, avg_logprob: float, no_speech_prob: float, limits: Decoding) -> tuple[str, ...]:
    """Why the text of a chunk may be wrong; empty for one that passes."""
    found = []
    if compression_ratio(text) > limits.compression_ratio_threshold or loops(text.split()):
        found.append("repetition")
    if avg_logprob < limits.log_prob_threshold:
        found.append("low-confidence")
        if no_speech_prob > limits.no_speech_threshold:
            found.append("no-speech")
    return tuple(found)


def compression_ratio(text: str) -> float:
    """How much zlib shortens the text: repeated text shrinks most."""
    content = text.encode("utf-8", "replace")
    return len(content) / len(zlib.compress(content)) if content else 0.0


def loops(words: list[str]) -> bool:
    """Whether a pattern of one to eight words comes at least four times in a row, over ten words or more."""
    for size in range(1, LONGEST_PATTERN_WORDS + 1):
        same = 0
        for index in range(size, len(words)):
            same = same + 1 if words[index] == words[index - size] else 0
            if same >= max(size * (MOST_REPETITIONS - 1), LEAST_LOOPING_WORDS - size):
                return True
    return False
