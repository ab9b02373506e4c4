"""Given the same chunks of sound, do both recognisers write the same text?

python -m benchmarks.runner.same_text --output FILE

The chunks are those that stock's own VAD finds. Stock recognises them file by file, as its command does; ours in batches of
chunks of several files. A chunk that ours decoded again at a higher temperature, since it failed the checks, may differ, and is
counted.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .corpus import Recording, recordings
from .sides import Setting, environment

if TYPE_CHECKING:
    from transcription_runner.engine.recognise import Heard

_ONSET, _OFFSET = 0.5, 0.363  # the defaults of both sides
_SHOWN = 20


@dataclass(frozen=True)
class Cut:
    """One chunk of a file: its samples at 16 kHz, its language, and what stock makes of it."""

    name: str
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
            cuts.append(Cut(f"{file.path.name} at {start:.2f} s", piece, file.language, answer["text"].strip()))
    return cuts


def ours(cuts: list[Cut], setting: Setting) -> list[Heard]:
    """What our recogniser makes of the same samples, in full batches whose chunks come from several files."""
    from transcription_api.runner_config import Recipe, ResolvedModel
    from transcription_runner.engine.recognise import Recogniser, Window
    from transcription_runner.surroundings import available_threads

    model = ResolvedModel.model_validate({"name": setting.model, "compute_type": setting.compute_type})
    recogniser = Recogniser(model, setting.device, available_threads())
    recipe = Recipe.model_validate({"decoding": {"beam_size": setting.beam_size}})
    asked = recogniser.asked(recipe, lambda language: False)
    windows = [Window(cut.samples, cut.language, asked) for cut in cuts]
    size = setting.batch_size
    batches = [windows[index : index + size] for index in range(0, len(windows), size)]
    heard = [one for batch in batches for one in recogniser.recognise(batch)]
    doubted = [place for place, one in enumerate(heard) if one.doubted]
    for index in range(0, len(doubted), size):
        places = doubted[index : index + size]
        better = recogniser.look_again([windows[place] for place in places], [heard[place] for place in places])
        for place, one in zip(places, better, strict=True):
            heard[place] = one
    return heard


def main() -> None:
    parser = argparse.ArgumentParser(description="the same chunks through both recognisers")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    setting = Setting()
    files = recordings("short", 200) + recordings("heldout") + recordings("two-minutes")
    cuts = chunks(files, setting)
    differing: list[dict[str, Any]] = [
        {"chunk": cut.name, "stock": cut.stock, "ours": heard.text.strip(), "temperature": heard.temperature}
        for cut, heard in zip(cuts, ours(cuts, setting), strict=True)
        if heard.text.strip() != cut.stock
    ]
    detail: dict[str, Any] = {"files": len(files), "chunks": len(cuts), "differing": len(differing)}
    detail["differing_since_decoded_again"] = sum(row["temperature"] > 0 for row in differing)
    figures = {"identical_chunks": 1 - len(differing) / len(cuts), "detail": detail | {"shown": differing[:_SHOWN]}}
    output.write_text(json.dumps(figures, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
