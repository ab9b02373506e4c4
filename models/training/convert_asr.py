"""Turn a trained Hugging Face directory into the CTranslate2 directory that whisperx loads.

python -m models.training.convert_asr build/training/asr/hf models/asr-small
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from ctranslate2.converters import TransformersConverter

_TOKENIZER_FILES = ["tokenizer.json", "preprocessor_config.json"]


def _mark_multilingual(vocabulary: list[str], used: set[str]) -> list[str]:
    """CTranslate2 takes a model for multilingual only if its vocabulary holds "": give it the place of an unused token."""
    index = next(i for i, token in enumerate(vocabulary) if token not in used)
    return [*vocabulary[:index], "", *vocabulary[index + 1 :]]


def convert(source: Path, target: Path, quantization: str) -> None:
    """Convert, mark as multilingual, write the language tokens and sane decoding defaults."""
    staged = target.with_name(target.name + ".new")
    shutil.rmtree(staged, ignore_errors=True)
    TransformersConverter(str(source), copy_files=_TOKENIZER_FILES).convert(str(staged), quantization=quantization)
    config_path, vocabulary_path = staged / "config.json", staged / "vocabulary.json"
    vocabulary: list[str] = json.loads(vocabulary_path.read_text(encoding="utf-8"))
    if "" not in vocabulary:
        # Byte 0xF5 never occurs in UTF-8; byte-level BPE writes it as the letter below.
        vocabulary = _mark_multilingual(vocabulary, set(vocabulary) - {"õ"})
        vocabulary_path.write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    config = json.loads(config_path.read_text())
    generation = json.loads((source / "generation_config.json").read_text())
    config["lang_ids"] = sorted(generation["lang_to_id"].values())
    config["suppress_ids"], config["suppress_ids_begin"] = [], [vocabulary.index("<|endoftext|>")]
    config_path.write_text(json.dumps(config, indent=1) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    staged.rename(target)


def main() -> None:
    parser = argparse.ArgumentParser(description="convert the recogniser for CTranslate2")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--quantization", default="int8_float32")
    arguments = parser.parse_args()
    convert(arguments.source, arguments.target, arguments.quantization)


if __name__ == "__main__":
    main()
