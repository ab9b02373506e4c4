"""What figures must reach: a bar for each, and the table that says which are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def keys(bars: Sequence[Bar], part: str) -> tuple[str, ...]:
    """The figures that a part gives."""
    return tuple(bar.key for bar in bars if bar.part == part)


def table(bars: Sequence[Bar], figures: Figures, gpu: bool = False) -> str:
    """One line a figure: its value, its bar, and whether it is met."""
    rows = [("figure", "value", "bar", "met")]
    for bar in bars:
        value = f"{figures[bar.key]:.4g}" if bar.key in figures else "-"
        met = bar.met(figures, gpu)
        word = "not measured" if met is None else "" if bar.text(gpu) == "for comparison" else "yes" if met else "NO"
        rows.append((bar.key, value, bar.text(gpu), word))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
