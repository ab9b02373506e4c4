"""What each figure must reach. The bars of the issue, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Bar:
    """A figure, the part that measures it, and its limits: a number, or the name of the figure that it must not fall behind.

    `slack`: how far it may lie above that figure.
    """

    part: str
    key: str
    least: float | str | None = None
    most: float | str | None = None
    least_on_gpu: float | None = None
    slack: float = 0.0

    def text(self, gpu: bool = False) -> str:
        """The limits in words."""
        least = self._least(gpu)
        limits = [f"at least {least}"] if least is not None else []
        most = [f"at most {self.most}{f' + {self.slack}' if self.slack else ''}"] if self.most is not None else []
        return " and ".join([*limits, *most]) or "for comparison"

    def met(self, figures: Figures, gpu: bool = False) -> bool | None:
        """None when the figure, or the one that it is compared with, was not measured."""
        least, most = (figures.get(limit) if isinstance(limit, str) else limit for limit in (self._least(gpu), self.most))
        if self.key not in figures or (least is None) != (self._least(gpu) is None) or (most is None) != (self.most is None):
            return None
        return (least is None or figures[self.key] >= least) and (most is None or figures[self.key] <= most + self.slack)

    def _least(self, gpu: bool) -> float | str | None:
        return self.least_on_gpu if gpu and self.least_on_gpu is not None else self.least


BARS = (
    Bar("short", "short_speedup", least=1.6),
    Bar("short", "short_speedup_steady", least=2.0, least_on_gpu=5.0),
    Bar("mixed", "mixed_speedup", least=1.6),
    Bar("mixed", "mixed_speedup_steady", least=2.0, least_on_gpu=3.0),
    Bar("long", "long_speedup", least=1.5),
    Bar("long", "long_speedup_steady", least=2.0),
    Bar("growth", "time_growth", most=1.1),
    Bar("growth", "memory_growth", most=1.1),
    Bar("same_text", "chunks_wer_ours", most="chunks_wer_stock", slack=0.002),
    Bar("same_text", "chunks_wer_stock"),
    Bar("same_text", "identical_chunks"),
    Bar("word_errors", "wer_ours", most="wer_stock"),
    Bar("word_errors", "wer_stock"),
    Bar("word_times", "f1_100ms_ours", least="f1_100ms_stock"),
    Bar("word_times", "f1_100ms_stock"),
    Bar("attention_times", "attention_f1_200ms", least=0.85),
    Bar("vad_agreement", "vad_agreement", least=0.99),
    Bar("diarization", "der", most=0.15),
    Bar("diarization", "speaker_count_right", least=0.9),
    Bar("hallucination", "false_words_per_minute", most=1.0),
    Bar("leak", "leak_ratio", most=1.05),
    Bar("latency", "latency_throughput_ratio", least=0.8),
    Bar("real_short", "real_short_speedup", least=3.0),
    Bar("real_words", "real_words_speedup", least=1.8),
    Bar("real_long", "real_long_speedup", least=1.3),
    Bar("real_wer", "real_wer_ours", most="real_wer_stock", slack=0.002),
    Bar("real_wer", "real_wer_stock"),
    Bar("split", "split_wer", most="split_wer_alone", slack=0.02),
    Bar("split", "split_wer_alone"),
    Bar("split", "split_speaker_right", least=1.0),
    Bar("beside_bulk", "interactive_p95_ratio", most=4.0),
    Bar("beside_bulk", "bulk_kept", least=0.7),
)


def keys(part: str) -> tuple[str, ...]:
    """The figures that a part gives."""
    return tuple(bar.key for bar in BARS if bar.part == part)


def table(figures: Figures, gpu: bool = False) -> str:
    """One line a figure: its value, its bar, and whether it is met."""
    rows = [("figure", "value", "bar", "met")]
    for bar in BARS:
        value = f"{figures[bar.key]:.4g}" if bar.key in figures else "-"
        met = bar.met(figures, gpu)
        word = "not measured" if met is None else "" if bar.text(gpu) == "for comparison" else "yes" if met else "NO"
        rows.append((bar.key, value, bar.text(gpu), word))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
