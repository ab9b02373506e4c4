// Where a second listen pays most.
import assert from "node:assert/strict";
import { test } from "node:test";
import { doubts } from "../../runner/transcription_runner/serve/page/static/doubts.js";

const words = (...scores) => scores.map((score, index) => ({ word: `word${index}`, start: index, end: index + 1, ...(score === null ? {} : { score }) }));
const transcript = (list, more = {}) => ({
  language: "en",
  segments: [{ start: 0, end: list.length, text: list.map(({ word }) => word).join(" "), words: list }],
  transcription: { durationSeconds: 60, ...more },
});
const texts = (found) => found.map(({ text }) => text);

test("the passage with the most words that are probably wrong comes first", () => {
  assert.deepEqual(texts(doubts(transcript(words(0.1, 0.9, 0.9, 0.4, 0.4, 0.9, 0.9, 0.3)))), ["word3 word4", "word0", "word7"]);
});

test("one better word between two doubted ones is a part of the passage, two are not", () => {
  assert.deepEqual(texts(doubts(transcript(words(0.2, 0.9, 0.2)))), ["word0 word1 word2"]);
  assert.equal(doubts(transcript(words(0.2, 0.9, 0.9, 0.2))).length, 2);
});

test("words without a score, such as corrected ones, raise no doubt", () => {
  assert.deepEqual(doubts(transcript(words(null, 0.9, null))), []);
});

test("voices without a word count by their length", () => {
  const found = doubts(transcript(words(0.3, 0.9, 0.9, 0.9), { uncovered: [{ start: 20, end: 20.2 }, { start: 30, end: 34 }] }));
  assert.deepEqual(found.map(({ start }) => start), [30, 0, 20]);
});

test("a passage in which something was written by now is done", () => {
  const list = [...words(0.9), { word: "new", start: 2, end: 4, estimated: true }];
  assert.deepEqual(doubts(transcript(list, { uncovered: [{ start: 3, end: 6 }] })), []);
});

test("what the service suspects is one passage, with its reason, and not told twice", () => {
  const found = doubts(transcript(words(0.2, 0.2, 0.9), { suspected: [{ start: 0, end: 3, reasons: ["repetition"] }] }));
  assert.deepEqual(found.map(({ kind, why }) => [kind, why]), [["suspected", "the text repeats itself"]]);
});

test("text that was left out can be found", () => {
  const [found] = doubts(transcript([], { suspected: [{ start: 5, end: 6, reasons: ["no-speech"], leftOut: "thanks for watching" }] }));
  assert.equal(found.text, "thanks for watching");
  assert.equal(found.start, 5);
});

test("scores are judged by what good words score in the same recording", () => {
  assert.deepEqual(texts(doubts(transcript(words(0.3, 0.28, 0.02, 0.31, 0.3)))), ["word2"]);
  assert.equal(doubts(transcript(words(0.3, 0.28, 0.02, 0.31, 0.3)))[0].why, "little more than a guess");
  assert.deepEqual(texts(doubts(transcript(words(0, 0, 0)))), ["word0 word1 word2"]);
});

test("a long word counts for more than a short one, and one letter is not worth a click", () => {
  const list = ["I", "to", "appointment"].map((word, index) => ({ word, start: 3 * index, end: 3 * index + 1, score: 0.1 }));
  const sure = Array.from({ length: 12 }, (_, index) => ({ word: "sure", start: 10 + index, end: 11 + index, score: 0.9 }));
  const apart = [list[0], ...sure.slice(0, 4), list[1], ...sure.slice(4, 8), list[2], ...sure.slice(8)];
  assert.deepEqual(texts(doubts(transcript(apart))), ["appointment", "to"]);
});
