// Corrections: what stays keeps its times, what is new shares the room that there is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { corrected, shared, stayed, wordsOf } from "../../runner/transcription_runner/serve/page/static/realign.js";

const said = {
  start: 1,
  end: 5,
  text: "the order number seven",
  avg_logprob: -0.2,
  words: [
    { word: "the", start: 1, end: 1.2, score: 0.9, speaker: "A" },
    { word: "order", start: 1.3, end: 1.9, score: 0.4, speaker: "A" },
    { word: "number", start: 2, end: 2.6, score: 0.9, speaker: "A" },
    { word: "seven", start: 4, end: 4.5, score: 0.8, speaker: "B" },
  ],
};
const times = (segment) => segment.words.map(({ word, start, end }) => [word, start, end]);

test("a word that is replaced has the time of the one that it replaces, and nobody's score", () => {
  const { text, words } = corrected(said, "the  odour number seven ");
  assert.equal(text, "the odour number seven");
  assert.deepEqual(words[1], { word: "odour", start: 1.3, end: 1.9, estimated: true, speaker: "A" });
  assert.deepEqual([words[0], words[2], words[3]], [said.words[0], said.words[2], said.words[3]]);
});

test("several words share the time of one by their letters", () => {
  assert.deepEqual(times(corrected(said, "the or deer number seven")).slice(1, 3), [["or", 1.3, 1.5], ["deer", 1.5, 1.9]]);
});

test("words that are put in share the gap between their neighbours", () => {
  assert.deepEqual(times(corrected(said, "the order number is forty seven")).slice(2), [
    ["number", 2, 2.6], ["is", 2.6, 3], ["forty", 3, 4], ["seven", 4, 4.5],
  ]); // prettier-ignore
});

test("words before the first and behind the last reach to the segment's edges", () => {
  assert.deepEqual(times(corrected({ ...said, start: 0 }, "so the order number seven please")).filter(([word]) => word.length !== 5 && word !== "the"), [
    ["so", 0, 1], ["number", 2, 2.6], ["please", 4.5, 5],
  ]); // prettier-ignore
});

test("case and punctuation are no reason to lose a time or a score", () => {
  const { words } = corrected(said, "The order, number: SEVEN!");
  assert.deepEqual(words.map(({ start, score }) => [start, score]), said.words.map(({ start, score }) => [start, score]));
  assert.deepEqual(words.map(({ word }) => word), ["The", "order,", "number:", "SEVEN!"]);
});

test("words that are taken away leave the others where they are", () => {
  assert.deepEqual(times(corrected(said, "order seven")), [["order", 1.3, 1.9], ["seven", 4, 4.5]]);
  assert.deepEqual(corrected(said, " ").words, []);
});

test("nothing changes without a change, and what is given stays as it is", () => {
  const before = structuredClone(said);
  assert.equal(corrected(said, " the order number seven"), said);
  corrected(said, "something else");
  assert.deepEqual(said, before);
});

test("what speaks of the old text goes with it", () => {
  const changed = corrected({ ...said, chars: [{ char: "t" }] }, "the odour number seven");
  assert.equal("avg_logprob" in changed || "chars" in changed, false);
});

test("words without times are looked past", () => {
  const words = [{ word: "a", start: 1, end: 2 }, { word: "b" }, { word: "c" }, { word: "d", start: 3, end: 4 }];
  const segment = { start: 0, end: 9, text: "a b c d", words };
  assert.deepEqual(times(corrected(segment, "a b x d"))[2], ["x", 2, 3]);
  assert.deepEqual(times(corrected({ ...segment, text: "b c", words: words.slice(1, 3) }, "b x"))[1], ["x", 0, 9]);
});

test("a segment without words stays without", () => {
  assert.deepEqual(corrected({ start: 0, end: 1, text: "a", words: [] }, "b c"), { start: 0, end: 1, text: "b c", words: [] });
});

test("Chinese is corrected character by character", () => {
  const words = [..."今天天气"].map((word, index) => ({ word, start: index, end: index + 1, score: 0.9 }));
  const changed = corrected({ start: 0, end: 4, text: "今天天气", words }, "今天大气");
  assert.deepEqual(times(changed)[2], ["大", 2, 3]);
  assert.equal(changed.words[3].score, 0.9);
});

test("starts never run backwards, whatever is typed", () => {
  const pieces = ["the", "order", "", "seven", "x y", "number", "the order", "¿?"];
  for (let seed = 0; seed < 500; seed += 1) {
    const text = Array.from({ length: seed % 9 }, (_, index) => pieces[(seed * 7 + index * (seed % 5) + index) % pieces.length]).join(" ");
    const { words } = corrected(said, text);
    assert.deepEqual(words.map(({ word }) => word), wordsOf(text, true));
    words.forEach(({ start, end }, index) => assert.ok(start <= end && (!index || words[index - 1].start <= start), text));
  }
});

test("what stayed is the longest common sequence", () => {
  assert.deepEqual(stayed(["a", "b", "a", "c"], ["b", "a", "b", "c"]), [1, 2, -1, 3]);
  assert.deepEqual(stayed([], ["a"]), [-1]);
});

test("two texts of ten thousand words take no minute", () => {
  const before = Array.from({ length: 10_000 }, (_, index) => `a${index}`);
  const began = performance.now();
  stayed(before, before.map((word, index) => (index % 2 ? word : `${word}x`)));
  assert.ok(performance.now() - began < 5000);
});

test("words of signs alone have times, too", () => {
  assert.deepEqual(shared(["—", "a"], 0, 2).map(({ start, end }) => [start, end]), [[0, 1], [1, 2]]);
});
