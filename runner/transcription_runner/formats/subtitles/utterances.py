"""From segments to utterances: what one person says without a long pause, as tokens that have a time each."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcription_api.speech import Subtitles
from transcription_api.transcript import Segment, Transcript, Word
from transcription_runner.formats.subtitles.page import PAUSE, Page, page
from transcription_runner.formats.subtitles.text import columns, flattened, may_break, pieces


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or one character of a script without spaces. Times are seconds from the start of the audio, `width` is columns."""

    text: str
    start: float
    end: float
    speaker: str | None
    spaced: bool
    """Whether a space stands between this and the token before on the same line."""
    width: int


def segment_tokens(segment: Segment) -> list[Token]:
    """All of the segment's text as tokens: with the words' own times where the words spell the text, else spread evenly.

    Starts never decrease, and no token ends before it starts.
    """
    text = flattened(segment.text)
    speaker = _name(segment.speaker)
    words = [(flattened(word.word), word) for word in segment.words]
    if words and "".join(spelled for spelled, _ in words).replace(" ", "") == text.replace(" ", ""):
        return _from_words(text, [pair for pair in words if pair[0]], segment.start, speaker)
    start = max(segment.start, 0.0)
    return _spread(pieces(text), start, max(segment.end, start), speaker)


def _from_words(text: str, words: list[tuple[str, Word]], start: float, speaker: str | None) -> list[Token]:
    tokens: list[Token] = []
    position, earliest, time = 0, max(start, 0.0), max(start, 0.0)
    for spelled, word in words:
        earliest = max(time if word.start is None else word.start, earliest)
        time = max(earliest if word.end is None else word.end, earliest)
        spaced = not tokens or text[position] == " "
        parts = [(piece, spaced if not index else inner) for index, (piece, inner) in enumerate(pieces(spelled))]
        _append(tokens, _spread(parts, earliest, time, _name(word.speaker) or speaker))
        position = _after(text, position, len(spelled.replace(" ", "")))
    return tokens


def _append(tokens: list[Token], more: Iterable[Token]) -> None:
    """A word that no line may start with joins the one before: aligned Japanese and Chinese has characters for words."""
    for token in more:
        before = tokens[-1] if tokens else token
        if token.spaced or before.speaker != token.speaker or may_break(before.text[-1], token.text[0]):
            tokens.append(token)
        else:
            tokens[-1] = replace(before, text=before.text + token.text, end=token.end, width=before.width + token.width)


def _name(speaker: str | None) -> str | None:
    return flattened(speaker or "") or None


def _after(text: str, position: int, letters: int) -> int:
    """Where in `text` the reader stands after so many letters, spaces not counted."""
    while letters:
        letters -= text[position] != " "
        position += 1
    return position


def _spread(parts: list[tuple[str, bool]], start: float, end: float, speaker: str | None) -> list[Token]:
    """Times in proportion to the number of characters: the best guess where nothing was measured."""
    if len(parts) == 1:
        ((piece, spaced),) = parts
        return [Token(piece, start, end, speaker, spaced, columns(piece))]
    pace = (end - start) / max(1, sum(len(piece) for piece, _ in parts))
    tokens, done = [], 0
    for piece, spaced in parts:
        begin = start + pace * done
        done += len(piece)
        tokens.append(Token(piece, begin, start + pace * done, speaker, spaced, columns(piece)))
    return tokens


@dataclass(frozen=True)
class Utterance:
    """What one speaker says without a long pause, and the page that it is set on."""

    tokens: tuple[Token, ...]
    page: Page
    following: float
    """Seconds at which the next utterance starts that this one does not talk over, or else at which the recording ends."""

    @property
    def speaker(self) -> str | None:
        return self.tokens[0].speaker

    @property
    def prefix(self) -> int:
        """Columns that the speaker's name takes on each cue's first line, as SRT writes it."""
        return columns(f"[{self.speaker}]: ") if self.speaker else 0


def utterances(transcript: Transcript, limits: Subtitles) -> list[Utterance]:
    """All tokens, in order, cut where the speaker or the language changes, and where the speaker is silent for long."""
    found: list[tuple[Page, list[Token]]] = []
    for segment in transcript.segments:
        holds = page(segment, transcript, limits)
        for token in segment_tokens(segment):
            if not found or _starts_another(holds, token, *found[-1]):
                found.append((holds, []))
            found[-1][1].append(token)
    said = [tokens for _, tokens in found]
    ends = followings(said, transcript.transcription.duration_seconds)
    return [Utterance(tuple(tokens), holds, following) for (holds, tokens), following in zip(found, ends, strict=True)]


def _starts_another(holds: Page, token: Token, before: Page, said: list[Token]) -> bool:
    return holds != before or token.speaker != said[-1].speaker or token.start - said[-1].end > PAUSE


def followings(said: Sequence[Sequence[Token]], end: float) -> list[float]:
    """`following` of each: speakers may talk at once; nobody talks over themselves.

    From the last one to the first. `later` holds the starts of which each is the first after all that are smaller, as pairs with
    positions, the earliest on top: an utterance that starts before an earlier one is nobody's next.
    """
    found: list[float] = []
    later: list[tuple[float, int]] = []
    own: dict[str | None, int] = {}
    for index in range(len(said) - 1, -1, -1):
        first, last = said[index][0], said[index][-1]
        place = bisect_right(later, -last.end, key=lambda one: -one[0])
        places = [position for _, position in later[place - 1 : place]] + ([own[last.speaker]] if last.speaker in own else [])
        found.append(said[min(places)][0].start if places else max(end, last.end))
        while later and later[-1][0] <= first.start:
            later.pop()
        later.append((first.start, index))
        own[first.speaker] = index
    return found[::-1]
