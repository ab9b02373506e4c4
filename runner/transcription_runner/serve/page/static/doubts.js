/**
 * Where a second listen pays most: passages ranked by how much is probably wrong there. Pure.
 *
 * Three things raise doubt: words of low probability, passages that the service itself suspects (a loop, say, or text without
 * speech), and voices for which no word is written. One measure ranks them all: the number of
 * letters that are probably wrong.
 *
 * @typedef {import("./types.js").Transcript} Transcript
 * @typedef {import("./types.js").Segment} Segment
 * @typedef {{kind: "words" | "suspected" | "uncovered", start: number, end: number, text: string, why: string, wrong: number}} Doubt
 */

/**
 * Words are doubted whose score is below this share of what a good word scores in the recording: aligners and recognisers give scores on scales
 * of their own, and each recording has another sound.
 */
export const DOUBTED = 0.5;
/** The usual score is never taken for more than this. */
const USUAL = 0.9;
/** Below this share of the usual score a word is little more than a guess. */
const GUESSED = 0.15;
/** Letters in a second of speech: what is missing where voices are heard and nothing is written. */
const PACE = 12;
/** A passage with less than this that is wrong is not worth a click. */
const LEAST = 1.5;
/** Characters that say as much as three letters. */
const FULL = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
/** The share of letters that are wrong where the service itself suspects a passage. */
const SUSPECTED = 0.9;

const REASONS = /** @type {Record<string, string>} */ ({
  repetition: "the text repeats itself",
  "low-confidence": "hardly understood",
  "no-speech": "perhaps no speech at all",
  "low-alignment": "the text hardly fits the sound",
});

/**
 * @param {Transcript} transcript
 * @returns {Doubt[]} the most doubtful first
 */
export function doubts(transcript) {
  const { suspected = [], uncovered = [] } = transcript.transcription;
  const usual = usualScore(transcript.segments);
  const passages = suspected.map((stretch) => ofSuspicion(transcript.segments, stretch));
  const alone = transcript.segments
    .flatMap((segment) => ofWords(segment, usual))
    .filter((doubt) => !suspected.some((stretch) => stretch.start <= doubt.start && doubt.end <= stretch.end));
  const silent = uncovered
    .filter((stretch) => !isWritten(transcript.segments, stretch))
    .map(({ start, end }) => ({
      kind: /** @type {const} */ ("uncovered"), start, end, text: "", why: "voices, and no word", wrong: PACE * (end - start),
    })); // prettier-ignore
  return [...passages, ...alone, ...silent].filter((doubt) => doubt.wrong >= LEAST).sort((one, other) => other.wrong - one.wrong);
}

/**
 * Runs of doubted words, of which single better ones in between are a part.
 *
 * @param {Segment} segment
 * @param {number} usual the recording's usual score
 * @returns {Doubt[]}
 */
function ofWords(segment, usual) {
  const { words } = segment;
  const wrong = words.map(({ score }) => (score === undefined ? 0 : Math.max(0, 1 - score / usual)));
  const letters = words.map(({ word }) => lettersOf(word));
  const isDoubted = (/** @type {number} */ index) => wrong[index] > 1 - DOUBTED;
  /** @type {Doubt[]} */
  const found = [];
  for (let first = 0; first < words.length; first += 1) {
    if (!isDoubted(first)) continue;
    let last = first;
    while (isDoubted(last + 1) || isDoubted(last + 2)) last += 1;
    const run = words.slice(first, last + 1);
    found.push({
      kind: "words",
      start: run.find((word) => word.start !== undefined)?.start ?? segment.start,
      end: run.findLast((word) => word.end !== undefined)?.end ?? segment.end,
      text: run.map((word) => word.word).join(" "),
      why: Math.max(...wrong.slice(first, last + 1)) > 1 - GUESSED ? "little more than a guess" : "unsure",
      wrong: run.reduce((sum, _, index) => sum + wrong[first + index] * letters[first + index], 0),
    });
    first = last;
  }
  return found;
}

/**
 * @param {Segment[]} segments
 * @param {import("./types.js").Suspicion} suspicion
 * @returns {Doubt}
 */
function ofSuspicion(segments, { start, end, reasons, leftOut }) {
  const within = segments.flatMap((segment) =>
    segment.words.filter((word) => word.score !== undefined && (word.start ?? -1) >= start && (word.end ?? Infinity) <= end),
  );
  const text = leftOut ?? within.map((word) => word.word).join(" ");
  const why = leftOut === undefined ? reasons.map((reason) => REASONS[reason] ?? reason).join(", ") : "left out: perhaps not said";
  return { kind: "suspected", start, end, text, why, wrong: SUSPECTED * lettersOf(text) };
}

/**
 * @param {Segment[]} segments
 * @param {import("./types.js").Stretch} stretch
 * @returns {boolean} whether a word that was corrected stands there by now
 */
function isWritten(segments, stretch) {
  return segments.some((segment) =>
    segment.words.some((word) => word.estimated && (word.start ?? Infinity) < stretch.end && (word.end ?? 0) > stretch.start),
  );
}

/**
 * @param {Segment[]} segments
 * @returns {number} what a good word scores here: the upper quartile, above 0
 */
function usualScore(segments) {
  const scores = segments.flatMap((segment) => segment.words.flatMap((word) => word.score ?? []));
  scores.sort((one, other) => one - other);
  return Math.max(1e-6, Math.min(USUAL, scores[Math.floor(0.75 * scores.length)] ?? USUAL));
}

/** @param {string} text */
function lettersOf(text) {
  return (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) + 2 * (text.match(FULL)?.length ?? 0);
}
