// The line of files: who goes next, and who waits for what.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../../runner/transcription_runner/serve/page/static/line.js";
import { Refused } from "../../runner/transcription_runner/serve/page/static/service.js";
import { stateOf } from "../../runner/transcription_runner/serve/page/static/files.js";

const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A line whose files are answered by hand, on a clock of its own. */
function house() {
  const calls = [];
  const at = { now: 0, keys: 0, steps: [] };
  const send = (item, watch) => new Promise((resolve, reject) => calls.push({ item, watch, resolve, reject }));
  const line = new Line(send, {
    changed: () => {},
    keyWanted: () => (at.keys += 1),
    later: (step, ms) => at.steps.push({ at: at.now + ms, step }),
    now: () => at.now,
  });
  const wait = async (ms) => {
    at.now += ms;
    for (const due of at.steps.filter((one) => one.at <= at.now)) due.step();
    at.steps = at.steps.filter((one) => one.at > at.now);
    await settled();
  };
  const states = () => line.items.map((item) => item.state);
  return { line, calls, at, wait, states };
}

const files = (count) => Array.from({ length: count }, (_, index) => ({ name: `${index}`, size: 2_000_000 }));

test("two files are on their way at once, the others wait their turn", async () => {
  const { line, calls, states } = house();
  line.add(files(4), { language: "es" });
  assert.deepEqual(states(), ["sending", "sending", "waiting", "waiting"]);
  assert.deepEqual(line.items.map((item) => line.place(item)), [0, 0, 1, 2]);
  assert.equal(stateOf(line, line.items[3], 0), "waits, 2nd in line · 2.0 MB");
  calls[0].watch.sent(1);
  assert.equal(line.items[0].state, "working");
  calls[0].resolve({ segments: [] });
  await settled();
  assert.deepEqual(states(), ["done", "sending", "sending", "waiting"]);
  assert.deepEqual(calls[2].item.parameters, { language: "es" });
});

test("a full service is asked again when it said so, and not before", async () => {
  const { line, calls, states, wait, at } = house();
  line.add(files(3), {});
  calls[0].reject(new Refused(429, "full", { retryAfter: 7, position: 33 }));
  calls[1].reject(new Refused(429, "full", { retryAfter: 5, position: 33 }));
  await settled();
  assert.deepEqual(states(), ["held", "held", "waiting"]);
  assert.equal(stateOf(line, line.items[0], at.now), "the service is full, it would be 33rd there; asks again in 7 s");
  await wait(6900);
  assert.equal(calls.length, 2);
  await wait(200);
  assert.deepEqual(states(), ["sending", "sending", "waiting"]);
});

test("a bad file fails with the service's words and holds up no other", async () => {
  const { line, calls, states } = house();
  line.add(files(3), {});
  calls[0].reject(new Refused(415, "this is a PDF document, and no sound"));
  await settled();
  assert.deepEqual(states(), ["failed", "sending", "sending"]);
  assert.equal(stateOf(line, line.items[0], 0), "this is a PDF document, and no sound");
  line.again(line.items[0]);
  assert.equal(states()[0], "waiting");
});

test("without a key it is asked for once, and then all go on", async () => {
  const { line, calls, states, at } = house();
  line.add(files(2), {});
  for (const call of calls.slice()) call.reject(new Refused(401, "send a key"));
  await settled();
  assert.deepEqual([states(), at.keys, calls.length], [["waiting", "waiting"], 1, 2]);
  assert.equal(stateOf(line, line.items[0], 0), "waits for an API key");
  line.unlocked();
  assert.equal(calls.length, 4);
});

test("a service that is broken is not asked for ever", async () => {
  const { line, calls, wait, states } = house();
  line.add(files(1), {});
  for (let tries = 0; tries < 30 && states()[0] !== "failed"; tries += 1) {
    calls.at(-1).reject(new Refused(503, "the device stopped working", { retryAfter: 10 }));
    await settled();
    await wait(10_100);
  }
  assert.equal(states()[0], "failed");
});

test("a file that is taken away is not sent any more, and leaves its place", async () => {
  const { line, calls } = house();
  line.add(files(3), {});
  line.remove(line.items[0]);
  assert.equal(calls[0].watch.signal.aborted, true);
  calls[0].reject(new DOMException("cancelled", "AbortError"));
  await settled();
  assert.deepEqual(line.items.map((item) => item.state), ["sending", "sending"]);
});
