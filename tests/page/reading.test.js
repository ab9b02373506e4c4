// Times as people read them, which word is lit when, and where words stand in their text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, size, spokenTime } from "../../runner/transcription_runner/serve/page/static/clock.js";
import { SILENCE, asText, heard } from "../../runner/transcription_runner/serve/page/static/captions.js";
import { litAt, pieces, timeline } from "../../runner/transcription_runner/serve/page/static/timeline.js";

test("times are read as on a clock, and aloud", () => {
  assert.deepEqual([0, 7.9, 750, 3723].map(clock), ["0:00", "0:07", "12:30", "1:02:03"]);
  assert.deepEqual([-1, NaN, Infinity].map(clock), ["0:00", "0:00", "0:00"]);
  assert.deepEqual([0, 1, 65, 7325].map(spokenTime), ["0 seconds", "1 second", "1 minute 5 seconds", "2 hours 2 minutes 5 seconds"]);
  assert.deepEqual([12, 830_000, 12_400_000, 3_000_000_000].map(size), ["1 kB", "830 kB", "12.4 MB", "3.0 GB"]);
});

const spoken = timeline([
  { start: 0, end: 3, text: "one two", words: [{ word: "one", start: 0.5, end: 1 }, { word: "two", start: 2, end: 3 }] },
  { start: 2.5, end: 4, text: "no times", words: [{ word: "no" }, { word: "times", start: 2.5, end: 4 }] },
  { start: 6, end: 7, text: "without words", words: [] },
]);

test("the word is lit that started last, until a while after its end", () => {
  const lit = (time) => spoken[litAt(spoken, time)] && [spoken[litAt(spoken, time)].segment, spoken[litAt(spoken, time)].word];
  assert.deepEqual([0, 0.5, 1.3, 1.5, 2.2, 2.6, 5, 6.5, 9].map(lit), [undefined, [0, 0], [0, 0], undefined, [0, 1], [1, 1], undefined, [2, 0], undefined]);
});

test("the pieces of a segment are its text, whatever its words are", () => {
  const joined = (text, ...words) => pieces({ start: 0, end: 1, text, words: words.map((word) => ({ word })) });
  for (const [text, ...words] of [["one, two", "one,", "two"], ["今天", "今", "天"], ["¡a  b!", "a", "b"], ["x", "x"], ["no words"]]) {
    assert.equal(joined(text, ...words).map((piece) => piece.text).join(""), text);
  }
  assert.equal(joined("other text", "word").map((piece) => piece.text).join(""), "word" + "other text");
  assert.deepEqual(joined("a a", "a", "a").map((piece) => piece.word), [0, -1, 1]);
});

const results = (text, more) => ({ type: "Results", segment: 0, channel: { alternatives: [{ transcript: text }] }, ...more });

test("what is certain stays, what is not is replaced", () => {
  let captions = SILENCE;
  for (const message of [
    results("Good", { is_final: false }), results("Good", { is_final: true }), results("mourning", { is_final: false }),
    results("morning.", { is_final: true }), results("", { is_final: true }), results("Hello", { is_final: true, segment: 1 }),
    { type: "Metadata" }, results("the", { is_final: false, segment: 1 }),
  ]) captions = heard(captions, message); // prettier-ignore
  assert.deepEqual(captions.certain, [{ segment: 0, text: "Good morning." }, { segment: 1, text: "Hello" }]);
  assert.deepEqual(captions.provisional, { segment: 1, text: "the" });
  assert.equal(asText(captions), "Good morning.\nHello\n");
});

test("captions of scripts without spaces have none", () => {
  const captions = ["今天", "天气"].map((text) => results(text, { is_final: true })).reduce(heard, SILENCE);
  assert.equal(captions.certain[0].text, "今天天气");
});

test("a fault is told and ends nothing", () => {
  assert.deepEqual(heard(SILENCE, { type: "Error", description: "misheard" }).faults, ["misheard"]);
});
