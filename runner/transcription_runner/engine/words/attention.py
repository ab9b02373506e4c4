"""Word times from Whisper's own cross-attention: for every language that the model knows, with no second model.

While it writes a token, the decoder looks at the sound of it. CTranslate2 runs the recognised text through the decoder once more
(a single pass), follows the heads that look at time, and finds the path through their weights: the frame where each token begins.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.words.pauses import beside_pauses, pauses_in
from transcription_runner.engine.words.word_groups import TokenTimes, WordTime, spread, words_of

FRAME_SECONDS = 0.02
"""Of the encoder's output; two frames of features."""
_FRAME_SAMPLES = int(FRAME_SECONDS * SAMPLE_RATE)
EARLY_SECONDS = 0.08
"""By how much the path turns to a token too early, with two synthesisers, in English and Spanish (docs/decisions/0009)."""
_MOST_TOKENS = 440
"""Of text: the decoder has 448 places, and some go to the start and the end of the sequence."""


def token_times(
    model: Any,
    encoded: Any,
    places: Sequence[int],
    tokenizers: Sequence[Any],
    tokens: Sequence[Sequence[int]],
    samples: Sequence[NDArray[np.float32]],
) -> list[list[WordTime]]:
    """The words of some of a batch's windows with their times, seconds from the start of each window.

    `model`: a ctranslate2.models.Whisper; `encoded`: its encoder's output, shape (batch, frames of 20 ms, width), of windows of
    any equal length; `places`: which of the batch. For each of these: `tokenizers`, faster_whisper's, of the language that is
    spoken; `tokens`, the recognised text without special tokens; `samples`, the sound at 16 kHz, shape (n,), no longer than the
    window.
    Raises RuntimeError when the device fails or has too little memory.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, tokenizer in enumerate(tokenizers):
        if tokens[index]:
            groups.setdefault(tuple(tokenizer.sot_sequence), []).append(index)
    answers: list[list[WordTime]] = [[] for _ in places]
    for start_sequence, members in groups.items():  # one start sequence, and so one language, a call
        found = model.align(
            rows(encoded, [places[index] for index in members]),
            list(start_sequence),
            [list(tokens[index][:_MOST_TOKENS]) for index in members],
            [_feature_frames(len(samples[index]), encoded.shape[1]) for index in members],
        )
        for index, alignment in zip(members, found, strict=True):
            seconds = len(samples[index]) / SAMPLE_RATE
            pieces = [piece_of(tokenizers[index].tokenizer.id_to_token(token)) for token in tokens[index]]
            words = words_of(_timed(pieces, alignment, seconds), tokenizers[index].language_code, seconds)
            answers[index] = spread(beside_pauses(words, pauses_in(samples[index])), seconds)
    return answers


def rows(encoded: Any, places: Sequence[int]) -> Any:
    """Some windows of an encoder's output, in this order, on the device where it lies."""
    if list(places) == list(range(encoded.shape[0])):
        return encoded
    import ctranslate2

    if encoded.device == "cpu":
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[list(places)]))
    import torch

    if encoded.dtype == ctranslate2.DataType.bfloat16:  # the device's array interface has no such type
        encoded = encoded.to(ctranslate2.DataType.float32)
    chosen = torch.as_tensor(encoded, device=f"cuda:{encoded.device_index}")[list(places)].contiguous()
    torch.cuda.current_stream(chosen.device).synchronize()  # CTranslate2 reads it on a stream of its own
    return ctranslate2.StorageView.from_array(chosen)


def piece_of(token: str) -> bytes:
    """The bytes that a token of a byte-level vocabulary stands for."""
    return bytes(_byte_of()[character] for character in token)


@cache
def _byte_of() -> dict[str, int]:
    """GPT-2's alphabet: bytes that print in Latin-1 stand for themselves, the others for the characters from 256 on."""
    printing = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = [byte for byte in range(256) if byte not in printing]
    return {chr(byte): byte for byte in printing} | {chr(256 + place): byte for place, byte in enumerate(others)}


def _feature_frames(samples: int, encoded_frames: int) -> int:
    return 2 * min(max(1, -(-samples // _FRAME_SAMPLES)), encoded_frames)


def _timed(pieces: list[bytes], alignment: Any, seconds: float) -> TokenTimes:
    """The path's first frame of each token; the end of text, which the path ends with, closes the last."""
    path = np.array(alignment.alignments)
    _, first = np.unique(path[:, 0], return_index=True)
    edges = np.minimum(path[first, 1] * FRAME_SECONDS + EARLY_SECONDS, seconds)
    edges[0] = 0.0
    probabilities = np.array(alignment.text_token_probs, np.float64)
    beyond = len(pieces) - len(probabilities)  # tokens that the decoder had no place for share what is left
    edges = np.append(edges, np.linspace(edges[-1], seconds, beyond + 1)[1:])
    return TokenTimes(pieces, edges, np.append(probabilities, np.zeros(beyond)))
