"""Where the lines of a cue end: no more lines than needed, of about the same width, broken where a reader minds least."""

from collections.abc import Callable
from itertools import pairwise

from transcription_runner.formats.reading import Page
from transcription_runner.formats.tokens import Token

UNEVEN = 4.0
"""A line that is a whole page narrower or wider than the average; grows with the square."""
SHORT_END = 2.0
"""How much worse that is for a last line that is narrower, such as a lonely word."""

Line = tuple[Token, ...]


def lines(tokens: tuple[Token, ...], costs: tuple[float, ...], page: Page, prefix: int) -> tuple[Line, ...]:
    """The tokens as lines. `costs` are those of a break after each token, `prefix` the columns taken on the first line.

    A token wider than the page has a line of its own: nothing is cut or lost.
    """
    spaces = [token.spaced for token in tokens]
    edges = [prefix]
    for token in tokens:
        edges.append(edges[-1] + token.spaced + token.width)

    def width(first: int, last: int) -> int:
        """Of a line of tokens[first:last], whose first one needs no space; the prefix is the first line's."""
        return edges[last] - (edges[first] if first else 0) - spaces[first]

    rows = _fewest(len(tokens), page.width, width)
    if rows == 1:
        return (tokens,)
    mean = width(0, len(tokens)) / rows
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for row in range(1, rows + 1):
        reached: dict[int, tuple[float, int]] = {}
        for first, (cost, _) in best[-1].items():
            for last in range(first + 1, len(tokens) + 1):
                columns = width(first, last)
                if columns > page.width and last > first + 1:
                    break
                uneven = UNEVEN * ((columns - mean) / page.width) ** 2
                if row == rows:
                    uneven *= SHORT_END if columns < mean else 1
                total = cost + uneven + costs[last - 1] * (last < len(tokens))
                if total < reached.get(last, (float("inf"), 0))[0]:
                    reached[last] = total, first
        best.append(reached)
    ends = [len(tokens)]
    for row in range(rows, 0, -1):
        ends.append(best[row][ends[-1]][1])
    ends.reverse()
    return tuple(tokens[first:last] for first, last in pairwise(ends))


def _fewest(count: int, room: int, width: Callable[[int, int], int]) -> int:
    """Lines needed when each is filled as far as it goes."""
    rows, first = 1, 0
    for last in range(1, count):
        if width(first, last + 1) > room:
            rows, first = rows + 1, last
    return rows
