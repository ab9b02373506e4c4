/**
 * Which word is spoken at which time, and where words stand in a segment's text. Pure.
 *
 * @typedef {import("./types.js").Segment} Segment
 * @typedef {{start: number, end: number, segment: number, word: number}} Spoken
 */

/** A word stays lit for so many seconds after its end, unless another one starts. */
const AFTERGLOW = 0.4;
/** Players round the time that they are sent to, seconds. */
const ROUNDED = 0.02;

/**
 * @param {Segment[]} segments
 * @returns {Spoken[]} all words that have times, by their starts; a segment without words is one word
 */
export function timeline(segments) {
  return segments
    .flatMap((segment, index) => {
      if (!segment.words.length) return [{ start: segment.start, end: segment.end, segment: index, word: 0 }];
      return segment.words.flatMap(({ start, end }, word) =>
        start === undefined ? [] : [{ start, end: end ?? start, segment: index, word }],
      );
    })
    .sort((one, other) => one.start - other.start);
}

/**
 * @param {Spoken[]} spoken
 * @param {number} time
 * @returns {number} the position of the word that is lit, -1 for none
 */
export function litAt(spoken, time) {
  let [low, high] = [0, spoken.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spoken[middle].start <= time + ROUNDED) low = middle + 1;
    else high = middle;
  }
  return low && time <= spoken[low - 1].end + AFTERGLOW ? low - 1 : -1;
}

/**
 * @param {Segment} segment
 * @returns {{text: string, word: number}[]} the segment's text in pieces: words by their position, and what stands between (-1)
 */
export function pieces(segment) {
  if (!segment.words.length) return segment.text ? [{ text: segment.text, word: 0 }] : [];
  /** @type {{text: string, word: number}[]} */
  const found = [];
  let position = 0;
  segment.words.forEach(({ word }, index) => {
    const at = segment.text.indexOf(word, position);
    const between = at < 0 ? " " : segment.text.slice(position, at);
    if (between && (found.length || between.trim())) found.push({ text: between, word: -1 });
    found.push({ text: word, word: index });
    if (at >= 0) position = at + word.length;
  });
  const rest = segment.text.slice(position);
  if (rest.trim()) found.push({ text: rest, word: -1 });
  return found;
}
