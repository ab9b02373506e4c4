"""Where cues and their lines end: the breaks that a reader minds least, found over all possible ones by dynamic programming.

Lines and cues end after punctuation, before a conjunction or a preposition, and not after an article or whatever else leans on
the next word (Netflix Timed Text Style Guide, general requirements, line treatment).

A cue must fit the page and may not last too long. Among those that do, these cost: the break at a cue's end, each second that is
lacking to read it before the next one comes, having no time to be seen at all, being much smaller than half a page, and going on
after the end of a sentence. A cue has no more lines than it needs, of about the same width. The weights are ours, set by eye.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

from transcription_runner.formats.subtitles.page import LEAST, LONGEST, PAUSE, SHORTEST, Page
from transcription_runner.formats.subtitles.utterances import Token, Utterance

SENTENCE, CLAUSE, PHRASE, PLAIN, BAD = 0.0, 0.3, 0.6, 1.0, 2.0

SENTENCE_ENDS = tuple(".!?…。！？｡؟۔।")
CLAUSE_ENDS = tuple(",;:，、；：､،؛–—")
_CLOSING = "\"'”’»)]}」』）】〉》"

_OPENERS = {
    "en": "and but or nor so yet because although though while when where which who that if unless until since as than then "
    "to of in on at by for from with without into onto over under about after before between through during against",
    "es": "y e o u ni pero sino porque aunque mientras cuando donde que quien si hasta desde como pues "
    "a de en con sin por para sobre entre tras ante bajo contra según durante hacia",
}
"""Conjunctions and prepositions: a phrase starts with them."""
_LEANING = {
    "en": "a an the my your his her its our their this these those i we he she they you is are was were "
    "not no very mr. mrs. ms. dr. st.",
    "es": "el la los las un una unos unas lo al del mi mis tu tus su sus este esta estos estas ese esa "
    "yo me te se le les nos no muy es son sr. sra. srta. dr. dra. ud.",
}
"""Articles and others that belong to the word after them."""
OPENERS = {language: frozenset(words.split()) for language, words in _OPENERS.items()}
LEANING = {language: frozenset(words.split()) | OPENERS[language] for language, words in _LEANING.items()}


Line = tuple[Token, ...]


def cue_lines(utterance: Utterance) -> Iterator[tuple[Line, ...]]:
    """The utterance as cues, each of them the lines that it has: all tokens, in order.

    A token wider than the page has a line of its own: nothing is cut or lost.
    """
    costs = _break_costs(utterance)
    for first, last in pairwise((0, *_cue_ends(utterance, costs))):
        yield _lines(utterance.tokens[first:last], costs[first:last], utterance.page, utterance.prefix)


def _break_costs(utterance: Utterance) -> tuple[float, ...]:
    """How much a reader minds a break after each token (the last one's is 0): the longer the silence, the less."""
    costs = [
        _break_cost(before, after, utterance.page.language) * min(1.0, 1 - (after.start - before.end) / PAUSE)
        for before, after in pairwise(utterance.tokens)
    ]
    return (*costs, 0.0)


def _break_cost(before: Token, after: Token, language: str) -> float:
    """0 (a reader expects it) to 2 (avoid it), for text in the given language; other languages have punctuation alone."""
    word = before.text.casefold()
    if _all_in(after.text, ("Pe", "Pf", "Po")) or _all_in(word, ("Ps", "Pi")) or word in LEANING.get(language, ()):
        return BAD
    bare = word.rstrip(_CLOSING)
    if bare.endswith(SENTENCE_ENDS):
        return SENTENCE
    if bare.endswith(CLAUSE_ENDS):
        return CLAUSE
    if not after.spaced:
        return _between_characters(word[-1], after.text[0])
    return PHRASE if after.text.casefold() in OPENERS.get(language, ()) else PLAIN


def _ends_sentence(text: str) -> bool:
    """Whether a sentence ends with this word, closing quotes and brackets aside."""
    return text.rstrip(_CLOSING).endswith(SENTENCE_ENDS)


def _all_in(text: str, categories: tuple[str, ...]) -> bool:
    return not text[0].isalnum() and all(unicodedata.category(character) in categories for character in text)


def _between_characters(before: str, after: str) -> float:
    """Japanese phrases end with particles in hiragana; words are mostly of one script. Chinese shows nothing of the kind."""
    scripts = _script(before), _script(after)
    if scripts[0] == "hiragana" != scripts[1]:
        return PHRASE
    return BAD if scripts == ("katakana", "katakana") else PLAIN


def _script(character: str) -> str:
    return "hiragana" if "\u3040" <= character <= "\u309f" else "katakana" if "\u30a0" <= character <= "\u30ff" else ""


CUE = 0.1
"""Every cue, so that nothing is cut for nothing."""
LACKING = 1.0
"""Each second that is lacking to read it."""
FLASH = 10.0
"""A cue that has less than `LEAST` before the next one comes: any cut that avoids it is better."""
SMALL = 1.0
"""A cue of next to nothing; falls with the square of what is missing to half a page."""
NEXT_SENTENCE = 0.25
"""Each sentence that ends before the cue does."""


def _cue_ends(utterance: Utterance, costs: tuple[float, ...]) -> list[int]:
    """The positions in the utterance's tokens after which a cue ends, the last one included. Linear in the number of tokens."""
    tokens, page, count = utterance.tokens, utterance.page, len(utterance.tokens)
    until = [token.start for token in tokens[1:]] + [utterance.following]
    inner = [NEXT_SENTENCE if _ends_sentence(token.text) else 0.0 for token in tokens]
    half = page.width * page.rows / 2
    best, previous = [0.0] + [float("inf")] * count, [0] * (count + 1)
    for first in range(count):
        start, base = tokens[first].start, best[first] + CUE
        rows, row, total = 1, utterance.prefix, 0
        for last in range(first, count):
            token = tokens[last]
            if last > first:
                space = token.spaced
                if row + space + token.width > page.width:
                    rows, row, space = rows + 1, 0, False
                if rows > page.rows or token.end - start > LONGEST:
                    break
                row += space
                total += space
                base += inner[last - 1]
            row += token.width
            total += token.width
            cost = base + costs[last]
            room = min(until[last] - start, LONGEST)
            need = max(total / page.speed, SHORTEST)
            if need > room:
                cost += LACKING * (need - room) + FLASH * (room < LEAST)
            if total < half:
                cost += SMALL * (1 - total / half) ** 2
            if cost < best[last + 1]:
                best[last + 1], previous[last + 1] = cost, first
    ends = [count]
    while previous[ends[-1]]:
        ends.append(previous[ends[-1]])
    return ends[::-1]


UNEVEN = 4.0
"""A line that is a whole page narrower or wider than the average; grows with the square."""
SHORT_END = 2.0
"""How much worse that is for a last line that is narrower, such as a lonely word."""


def _lines(tokens: tuple[Token, ...], costs: tuple[float, ...], page: Page, prefix: int) -> tuple[Line, ...]:
    """The tokens as lines. `costs` are those of a break after each token, `prefix` the columns taken on the first line."""
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
