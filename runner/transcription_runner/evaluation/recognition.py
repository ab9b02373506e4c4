"""Word and character errors: the fewest substitutions, insertions and deletions (Levenshtein) that explain the difference."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TextErrors:
    """Errors against `reference` words or characters. Those of several files add up."""

    reference: int = 0
    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0

    @property
    def rate(self) -> float | None:
        """Errors for each word or character of the reference; above 1 when much is inserted; None without a reference text."""
        errors = self.substitutions + self.insertions + self.deletions
        return errors / self.reference if self.reference else None

    def __add__(self, other: "TextErrors") -> "TextErrors":
        return TextErrors(
            self.reference + other.reference,
            self.substitutions + other.substitutions,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
        )


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> TextErrors:
    """Errors in words. Tokens hold no spaces."""
    if not reference or not hypothesis:
        return TextErrors(len(reference), insertions=len(hypothesis), deletions=len(reference))
    import jiwer

    found = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return TextErrors(len(reference), found.substitutions, found.insertions, found.deletions)


def character_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> TextErrors:
    """Errors in characters. Spaces do not count, so that scripts with and without them are measured alike."""
    one, two = "".join(reference), "".join(hypothesis)
    if not one or not two:
        return TextErrors(len(one), insertions=len(two), deletions=len(one))
    import jiwer

    found = jiwer.process_characters(one, two)
    return TextErrors(len(one), found.substitutions, found.insertions, found.deletions)


def same_words(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[int, int]]:
    """Index pairs of the words that the alignment with the fewest errors holds for the same."""
    if not reference or not hypothesis:
        return []
    import jiwer

    aligned = jiwer.process_words(" ".join(reference), " ".join(hypothesis)).alignments[0]
    return [
        pair
        for chunk in aligned
        if chunk.type == "equal"
        for pair in zip(range(chunk.ref_start_idx, chunk.ref_end_idx), range(chunk.hyp_start_idx, chunk.hyp_end_idx), strict=True)
    ]
