"""Make the sentence splitter that whisperX's alignment loads: NLTK's PunktTrainer on text of our own.

python -m models.training.train_punkt models/nltk_data
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import nltk
from nltk.tokenize.punkt import PunktTrainer, save_punkt_params

from .sentences import natural

_FOLDERS = {"en": "english", "es": "spanish"}
_ABBREVIATIONS = {
    "en": ("mr", "mrs", "ms", "dr", "no", "vs", "etc", "e.g", "i.e", "a.m", "p.m", "st", "u.s"),
    "es": ("sr", "sra", "srta", "dr", "dra", "ud", "uds", "núm", "etc", "p.ej", "a.m", "p.m", "ee.uu"),
}


def text_of(language: str, sentences: int, seed: int) -> str:
    """Sentences with capitals and full stops; every tenth holds an abbreviation, so that Punkt learns those."""
    rng = random.Random(seed)
    lines = []
    for _ in range(sentences):
        tokens = natural(rng, language).split()
        tokens[0] = tokens[0].capitalize()
        if rng.random() < 0.1 and len(tokens) > 2:
            tokens.insert(rng.randrange(1, len(tokens) - 1), rng.choice(_ABBREVIATIONS[language]) + ".")
        lines.append(" ".join(tokens) + rng.choice((".", ".", ".", "?", "!")))
    return "\n".join(lines)


def train(folder: Path, seed: int = 3) -> None:
    """Write `tokenizers/punkt_tab/<language>/` with Punkt's four tables."""
    folder.mkdir(parents=True, exist_ok=True)
    nltk.data.path.insert(0, str(folder.resolve()))  # NLTK writes only below its data path
    for language, name in _FOLDERS.items():
        trainer = PunktTrainer(text_of(language, 8000, seed))
        parameters = trainer.get_params()
        parameters.abbrev_types.update(_ABBREVIATIONS[language])
        target = folder / "tokenizers" / "punkt_tab" / name
        target.mkdir(parents=True, exist_ok=True)
        save_punkt_params(parameters, str(target))


def main() -> None:
    parser = argparse.ArgumentParser(description="train the sentence splitter")
    parser.add_argument("folder", type=Path)
    train(parser.parse_args().folder)


if __name__ == "__main__":
    main()
