"""How much a reader minds a break between two words, be it of the line or of the cue: 0 after a sentence, 1 inside a phrase.

Lines and cues end after punctuation, before a conjunction or a preposition, and not after an article or whatever else leans on
the next word (Netflix Timed Text Style Guide, general requirements, line treatment).
"""

import unicodedata

from transcription_runner.formats.tokens import Token

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


def break_cost(before: Token, after: Token, language: str) -> float:
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


def ends_sentence(text: str) -> bool:
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
