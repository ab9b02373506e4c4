"""The recogniser's tokenizer: byte-level BPE in which every lexicon word becomes one token, and Whisper's special tokens.

CTranslate2 finds the languages between <|startoftranscript|> and <|nospeech|>, so the specials keep Whisper's order.
"""

from __future__ import annotations

import json
from pathlib import Path

from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .sentences import LANGUAGES, words

END, START, TRANSCRIBE, NO_SPEECH, NO_TIMESTAMPS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|transcribe|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
SPECIALS = [
    END,
    START,
    *(f"<|{code}|>" for code in _LANGUAGE_CODES),
    "<|translate|>",
    TRANSCRIBE,
    "<|startoflm|>",
    "<|startofprev|>",
    NO_SPEECH,
    NO_TIMESTAMPS,
    *(f"<|{index * 0.02:.2f}|>" for index in range(1501)),
]


def build_tokenizer() -> Tokenizer:
    """Merges are learned until each word of both lexicons, with its leading space, is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    vocabulary = sorted({word for language in LANGUAGES for word in words(language)})
    trainer = trainers.BpeTrainer(
        vocab_size=4000, min_frequency=1, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([" " + word for word in vocabulary], trainer)
    split = [word for word in vocabulary if len(tokenizer.encode(" " + word).ids) != 1]
    if split:
        raise RuntimeError(f"the tokenizer splits {split}: raise vocab_size")
    tokenizer.add_special_tokens(SPECIALS)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the files that transformers and faster-whisper read."""
    tokenizer.save(str(folder / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind, indent=1) + "\n")
