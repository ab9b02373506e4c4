/**
 * Corrections: what somebody typed, on the times of what was recognised. Pure.
 *
 * A word that stays keeps its times and its score, also where only its case or its punctuation changes. Words that are new share
 * the time of those that they replace, or else the gap between their neighbours, each by its number of letters; nobody has heard
 * them, so they have no score and are marked as estimated.
 *
 * @typedef {import("./types.js").Segment} Segment
 * @typedef {import("./types.js").Word} Word
 */

/** More cells than this are not searched for what stayed: a text so long was written anew. */
const MOST_CELLS = 4_000_000;

/**
 * @param {Segment} segment
 * @param {string} text
 * @returns {Segment} the segment with this text; the one given does not change
 */
export function corrected(segment, text) {
  const written = text.replace(/\s+/gu, " ").trim();
  if (written === segment.text) return segment;
  const { chars: _, avg_logprob: __, ...rest } = segment; // both speak of the text that was
  return { ...rest, text: written, words: segment.words.length ? realigned(segment, wordsOf(written, isSpaced(segment))) : [] };
}

/**
 * @param {Segment} segment
 * @returns {boolean} whether its words stand apart; Chinese and Japanese ones are characters, one behind the other
 */
export function isSpaced(segment) {
  return segment.words.length < 2 || /\s/u.test(segment.text.trim());
}

/**
 * @param {string} text
 * @param {boolean} spaced
 * @returns {string[]}
 */
export function wordsOf(text, spaced) {
  if (spaced) return text.split(/\s+/u).filter(Boolean);
  return Array.from(new Intl.Segmenter().segment(text), (part) => part.segment).filter((part) => part.trim());
}

/**
 * @param {Segment} segment
 * @param {string[]} texts
 * @returns {Word[]}
 */
function realigned(segment, texts) {
  const { words } = segment;
  const origins = stayed(words.map((word) => bare(word.word)), texts.map(bare));
  /** @type {Word[]} */
  const found = [];
  for (let first = 0; first < texts.length; ) {
    const origin = origins[first];
    if (origin >= 0) {
      found.push({ ...words[origin], word: texts[first] });
      first += 1;
      continue;
    }
    let last = first;
    while (last < texts.length && origins[last] < 0) last += 1;
    const before = first ? origins[first - 1] : -1;
    const after = last < texts.length ? origins[last] : words.length;
    const [start, end] = room(segment, before, after);
    const speaker = (words[before + 1] ?? words[before])?.speaker ?? segment.speaker;
    for (const word of shared(texts.slice(first, last), start, end)) {
      found.push(speaker === undefined ? word : { ...word, speaker });
    }
    first = last;
  }
  return found;
}

/**
 * The time for what is new between two words that stayed.
 *
 * @param {Segment} segment
 * @param {number} before position of the word before, -1 for none
 * @param {number} after position of the word after
 * @returns {[number, number]}
 */
function room({ words, start, end }, before, after) {
  const replaced = words.slice(before + 1, after);
  const from =
    replaced.find((word) => word.start !== undefined)?.start ??
    words.slice(0, before + 1).findLast((word) => word.end !== undefined)?.end ??
    start;
  const until =
    replaced.findLast((word) => word.end !== undefined)?.end ??
    words.slice(after).find((word) => word.start !== undefined)?.start ??
    end;
  return [from, Math.max(from, until)];
}

/**
 * @param {string[]} texts
 * @param {number} start
 * @param {number} end
 * @returns {Word[]} one behind the other from start to end, each as long as it has letters
 */
export function shared(texts, start, end) {
  const letters = texts.map((text) => Array.from(bare(text)).length);
  const pace = (end - start) / letters.reduce((sum, count) => sum + count, 0);
  let done = 0;
  return texts.map((word, index) => {
    const from = start + pace * done;
    done += letters[index];
    return { word, start: milli(from), end: milli(start + pace * done), estimated: true };
  });
}

/**
 * The longest common sequence of two lists.
 *
 * @param {string[]} before
 * @param {string[]} after
 * @returns {number[]} for each item of `after` its position in `before`, -1 where it is new
 */
export function stayed(before, after) {
  const origins = new Array(after.length).fill(-1);
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) {
    origins[head] = head;
    head += 1;
  }
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) {
    tail += 1;
    origins[after.length - tail] = before.length - tail;
  }
  const rows = before.length - head - tail;
  const columns = after.length - head - tail;
  if (rows * columns > MOST_CELLS) return origins;
  const longest = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      longest[row][column] =
        before[head + row] === after[head + column]
          ? longest[row + 1][column + 1] + 1
          : Math.max(longest[row + 1][column], longest[row][column + 1]);
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (before[head + row] === after[head + column]) {
      origins[head + column] = head + row;
      row += 1;
      column += 1;
    } else if (longest[row + 1][column] >= longest[row][column + 1]) row += 1;
    else column += 1;
  }
  return origins;
}

/**
 * @param {string} word
 * @returns {string} its letters and digits, by which it is known again; all of it where it has none
 */
function bare(word) {
  return word.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]/gu, "") || word;
}

/** @param {number} seconds */
function milli(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
