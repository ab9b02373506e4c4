"""Given the same chunks of sound, is our text as right as stock's, and how often is it the same?

python -m benchmarks.runner.same_text --output FILE

The chunks are those that stock's own VAD finds. Stock recognises them file by file, as its command does; ours in batches of
chunks of several files that share a window. Our windows are as long as their chunks need, stock's 30 s, so texts may differ
without being wrong: what counts is the word error rate of each side, a file's chunks joined. A chunk that ours decoded again,
since it failed the checks, may differ, too, and is counted.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .corpus import Recording, recordings
from .sides import Setting, environment
from .transcripts import word_error_rate

if TYPE_CHECKING:
    from transcription_runner.engine.recognition.recognise import Heard

_ONSET, _OFFSET = 0.5, 0.363  # the defaults of both sides
_SHOWN = 20


@dataclass(frozen=True)
class Cut:
    """One chunk of a file: its samples at 16 kHz, its language, and what stock makes of it."""

    file: Recording
    start: float
    samples: NDArray[np.float32]
    language: str
    stock: str


def chunks(files: list[Recording], setting: Setting) -> list[Cut]:
    """All chunks of the files, found, cut and recognised by the stock pipeline."""
    import whisperx
    from faster_whisper.tokenizer import Tokenizer
    from whisperx.audio import SAMPLE_RATE
    from whisperx.vads import Pyannote

    pipeline = whisperx.load_model(
        setting.model,
        setting.device,
        compute_type=setting.compute_type,
        asr_options={"beam_size": setting.beam_size},
        vad_method="pyannote",
        threads=setting.stock_threads,
    )
    model = pipeline.model
    cuts: list[Cut] = []
    for file in files:
        audio = whisperx.load_audio(str(file.path))
        speech = pipeline.vad_model({"waveform": Pyannote.preprocess_audio(audio), "sample_rate": SAMPLE_RATE})
        spans = [(span["start"], span["end"]) for span in Pyannote.merge_chunks(speech, 30, onset=_ONSET, offset=_OFFSET)]
        pieces = [audio[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)] for start, end in spans]
        pipeline.tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=file.language)
        answers = pipeline(({"inputs": piece} for piece in pieces), batch_size=setting.batch_size, num_workers=0)
        for (start, _), piece, answer in zip(spans, pieces, answers, strict=True):
            cuts.append(Cut(file, start, piece, file.language, answer["text"].strip()))
    return cuts


def ours(cuts: list[Cut], setting: Setting) -> list[Heard]:
    """What our recogniser makes of the same samples, in full batches whose chunks come from several files, doubted ones twice."""
    from transcription_api.runner_config import Recipe, ResolvedModel
    from transcription_api.speech import ComputeType
    from transcription_runner.engine.recognition.asked import window_frames
    from transcription_runner.engine.recognition.recognise import Recogniser, Window
    from transcription_runner.surroundings import available_threads

    model = ResolvedModel(name=setting.model, compute_type=ComputeType(setting.compute_type), batch_size=setting.batch_size)
    recogniser = Recogniser(model, setting.device, available_threads())
    asked = recogniser.asked(Recipe.model_validate({"decoding": {"beam_size": setting.beam_size}}), lambda language: False)
    windows = [Window(cut.samples, cut.language, asked) for cut in cuts]
    heard: dict[int, Heard] = {}

    def frames(place: int) -> int:
        return window_frames(windows[place].seconds)

    for _, places in groupby(sorted(range(len(cuts)), key=frames), frames):
        for batch in _batches(list(places), setting.batch_size):
            answers = recogniser.recognise([windows[place] for place in batch])
            heard |= dict(zip(batch, answers, strict=True))
    doubted = [place for place, one in heard.items() if one.doubted]
    for batch in _batches(doubted, setting.batch_size):
        better = recogniser.look_again([windows[place] for place in batch], [heard[place] for place in batch])
        heard |= dict(zip(batch, better, strict=True))
    return [heard[place] for place in range(len(cuts))]


def _batches(places: list[int], size: int) -> list[list[int]]:
    return [places[first : first + size] for first in range(0, len(places), size)]


def rate(cuts: list[Cut], texts: list[str]) -> float:
    """The word error rate of files, each the text of its chunks. A file without chunks has lost all its words."""
    joined: dict[Recording, list[str]] = {}
    for cut, text in zip(cuts, texts, strict=True):
        joined.setdefault(cut.file, []).append(text)
    return word_error_rate([file.text for file in joined], [" ".join(parts) for parts in joined.values()])


def main() -> None:
    parser = argparse.ArgumentParser(description="the same chunks through both recognisers")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    setting = Setting()
    files = recordings("short", 200) + recordings("heldout", 96) + recordings("two-minutes")
    cuts = chunks(files, setting)
    answers = ours(cuts, setting)
    differing: list[dict[str, Any]] = [
        {
            "chunk": f"{cut.file.path.name} at {cut.start:.2f} s",
            "seconds": round(len(cut.samples) / 16_000, 1),
            "stock": cut.stock,
            "ours": heard.text.strip(),
            "temperature": heard.temperature,
        }
        for cut, heard in zip(cuts, answers, strict=True)
        if heard.text.strip() != cut.stock
    ]
    detail: dict[str, Any] = {"files": len(files), "chunks": len(cuts), "differing": len(differing)}
    detail["differing_since_decoded_again"] = sum(row["temperature"] > 0 for row in differing)
    figures = {
        "chunks_wer_ours": rate(cuts, [heard.text for heard in answers]),
        "chunks_wer_stock": rate(cuts, [cut.stock for cut in cuts]),
        "identical_chunks": 1 - len(differing) / len(cuts),
        "detail": detail | {"shown": differing[:_SHOWN]},
    }
    output.write_text(json.dumps(figures, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
