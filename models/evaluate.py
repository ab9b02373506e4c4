"""Measure the small models as users meet them: through whisperx, on voices and sentences that training never saw.

python -m models.evaluate --output build/figures/models.json
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import jiwer
import numpy as np

from .training.heldout import CONDITIONS, Sample, one_by_one, samples

_MODELS = Path(__file__).resolve().parent
_LIMITS = (0.05, 0.1, 0.2)  # seconds


def load_recogniser(model: Path, compute_type: str) -> Any:
    """The pipeline that `large-v2` goes through too, with the pyannote VAD that the whisperx wheel carries."""
    import whisperx

    return whisperx.load_model(str(model), device="cpu", compute_type=compute_type, threads=2)


def recognise(pipeline: Any, sample: Sample) -> tuple[str, str]:
    """(detected language, text) of one sample."""
    result = pipeline.transcribe(sample.audio, batch_size=4)
    return result["language"], " ".join(" ".join(s["text"] for s in result["segments"]).split())


def recognition_figures(pipeline: Any, chosen: list[Sample]) -> dict[str, Any]:
    """WER in percent by language and condition, the share of files whose language was right, seconds and words heard."""
    heard: list[tuple[Sample, str, str]] = []
    started = time.monotonic()
    for sample in chosen:
        heard.append((sample, *recognise(pipeline, sample)))
    figures: dict[str, Any] = {"files": len(chosen), "audio_seconds": round(sum(len(s.audio) for s in chosen) / 16_000)}
    figures["seconds"] = round(time.monotonic() - started, 1)
    for name in ("en", "es", *CONDITIONS):
        part = [(s, text) for s, _, text in heard if name in (s.language, s.condition)]
        if part:
            figures[f"wer_{name}"] = _wer([s.text for s, _ in part], [text for _, text in part])
    figures["wer"] = _wer([s.text for s in chosen], [text for _, _, text in heard])
    figures["language_right"] = round(100 * sum(s.language == lang for s, lang, _ in heard) / len(heard), 1)
    figures["worst"] = sorted(
        ({"wer": _wer([s.text], [t]), "text": s.text, "heard": t, "condition": s.condition} for s, _, t in heard),
        key=lambda row: -float(str(row["wer"])),
    )[:8]
    return figures


def _wer(references: list[str], hypotheses: list[str]) -> float:
    return round(100 * float(jiwer.wer(references, hypotheses)), 1)


def timing_figures(model: Path, chosen: list[Sample]) -> dict[str, Any]:
    """Errors of word starts and ends, in milliseconds, of the reference text aligned with each sample."""
    import whisperx

    loaded = {code: whisperx.load_align_model(code, "cpu", model_name=str(model)) for code in ("en", "es")}
    starts: list[float] = []
    ends: list[float] = []
    for sample in chosen:
        network, metadata = loaded[sample.language]
        segment = {"start": 0.0, "end": len(sample.audio) / 16_000, "text": sample.text}
        aligned = whisperx.align([segment], network, metadata, sample.audio, "cpu")["word_segments"]
        if len(aligned) != len(sample.words):
            raise RuntimeError(f"{len(aligned)} words aligned of {len(sample.words)}: {sample.text}")
        starts += [word["start"] - span.start for word, span in zip(aligned, sample.words, strict=True)]
        # The last word of a segment lasts to the segment's end by whisperX's rule, so its end says nothing.
        ends += [word["end"] - span.end for word, span in zip(aligned[:-1], sample.words[:-1], strict=True)]
    return {"words": len(starts), "start": _errors(starts), "end": _errors(ends)}


def _errors(seconds: list[float]) -> dict[str, float]:
    size = np.abs(seconds)
    figures = {"median_ms": float(np.median(size)) * 1000, "p95_ms": float(np.quantile(size, 0.95)) * 1000}
    figures["bias_ms"] = float(np.median(seconds)) * 1000
    figures |= {f"within_{round(limit * 1000)}_ms": 100 * float(np.mean(size <= limit)) for limit in _LIMITS}
    return {name: round(value, 1) for name, value in figures.items()}


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    rows = ["| compute type | " + " | ".join(("en", "es", *CONDITIONS, "all")) + " | language right |"]
    rows.append("|---" * (len(CONDITIONS) + 5) + "|")
    for kind, part in figures["recognition"].items():
        cells = [f"{part.get('wer_' + name, float('nan')):.1f}%" for name in ("en", "es", *CONDITIONS)]
        rows.append(f"| {kind} | " + " | ".join(cells) + f" | {part['wer']:.1f}% | {part['language_right']:.1f}% |")
    if "timing" in figures:
        rows += ["", "| words | edge | median | 95% | within 50 ms | 100 ms | 200 ms |", "|---|---|---|---|---|---|---|"]
        for name, part in figures["timing"].items():
            for edge in ("start", "end"):
                e = part[edge]
                within = " | ".join(f"{e[f'within_{n}_ms']:.1f}%" for n in (50, 100, 200))
                rows.append(f"| {name} ({part['words']}) | {edge} | {e['median_ms']:.0f} ms | {e['p95_ms']:.0f} ms | {within} |")
    return "\n".join(rows)


def write_card(card: Path, text: str) -> None:
    """Put `text` between the marks in the model card. Raises ValueError if the marks are missing."""
    before, opening, rest = card.read_text(encoding="utf-8").partition("<!-- figures -->")
    _, closing, after = rest.partition("<!-- /figures -->")
    if not opening or not closing:
        raise ValueError(f"{card} has no <!-- figures --> and <!-- /figures --> marks")
    card.write_text(f"{before}{opening}\n{text}\n{closing}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the small models through whisperx")
    parser.add_argument("--asr", type=Path, default=_MODELS / "asr-small")
    parser.add_argument("--aligner", type=Path, default=_MODELS / "align-small")
    parser.add_argument("--compute-types", nargs="*", default=["int8", "float32"])
    parser.add_argument("--files", type=int, default=96)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--output", type=Path, help="JSON file to write")
    parser.add_argument("--card", type=Path, help="model card to write the table into")
    arguments = parser.parse_args()
    os.environ.setdefault("NLTK_DATA", str(_MODELS / "nltk_data"))
    chosen = samples(arguments.files, arguments.seed)
    figures: dict[str, Any] = {"seed": arguments.seed, "recognition": {}}
    for kind in arguments.compute_types:
        figures["recognition"][kind] = recognition_figures(load_recogniser(arguments.asr, kind), chosen)
    if arguments.aligner.is_dir():
        joined = one_by_one(40, arguments.seed)
        figures["timing"] = {
            "continuous speech": timing_figures(arguments.aligner, chosen),
            "one by one": timing_figures(arguments.aligner, joined),
        }
    print(table(figures))
    if arguments.card:
        write_card(arguments.card, table(figures))
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
