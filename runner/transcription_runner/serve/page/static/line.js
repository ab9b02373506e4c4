/**
 * The line of files: which one goes next, and what becomes of each. Knows nothing of how the page looks, or how files are sent.
 *
 * A few are sent at once, for the service works on several side by side. When it is full (429, or 503 with a time to come back),
 * the whole line waits as long as it was told, and then goes on. Without a key (401) it stops until there is one.
 *
 * @typedef {import("./types.js").Transcript} Transcript
 * @typedef {"waiting" | "sending" | "working" | "held" | "done" | "failed"} State
 * @typedef {{sent: (share: number) => void, signal: AbortSignal}} Watch
 * @typedef {(item: Item, watch: Watch) => Promise<Transcript>} Send
 */

import { Refused } from "./service.js";

/** Files that are on their way at once. */
const AT_ONCE = 2;
/** So often a file comes back after it was turned away for want of room other than places. */
const TRIES = 20;

/** A file in the line. */
export class Item {
  /** @type {State} */
  state = "waiting";
  /** The share of the upload that is gone, 0 to 1. */
  share = 0;
  /** Why it failed. */
  message = "";
  /** @type {number | undefined} Which one it would have been at the service, when it was turned away. */
  position;
  /** @type {Transcript | undefined} */
  transcript;
  tries = 0;
  ending = new AbortController();

  /**
   * @param {number} id
   * @param {File} file
   * @param {Record<string, string>} parameters
   */
  constructor(id, file, parameters) {
    this.id = id;
    this.file = file;
    this.parameters = parameters;
  }
}

export class Line {
  /** @type {Item[]} In the order in which they came. */
  items = [];
  /** The time (milliseconds, as Date.now tells) until which nothing is sent. */
  heldUntil = 0;
  /** Whether nothing is sent until there is a key. */
  keyless = false;
  #last = 0;

  /**
   * @param {Send} send
   * @param {{changed: (item: Item) => void, keyWanted: () => void, later?: (step: () => void, ms: number) => void, now?: () => number}} on
   */
  constructor(send, { changed, keyWanted, later = (step, ms) => void setTimeout(step, ms), now = Date.now }) {
    this.send = send;
    this.changed = changed;
    this.keyWanted = keyWanted;
    this.later = later;
    this.now = now;
  }

  /**
   * @param {Iterable<File>} files
   * @param {Record<string, string>} parameters
   */
  add(files, parameters) {
    for (const file of files) {
      const item = new Item((this.#last += 1), file, parameters);
      this.items.push(item);
      this.changed(item);
    }
    this.goOn();
  }

  /** @param {Item} item */
  remove(item) {
    item.ending.abort();
    this.items = this.items.filter((other) => other !== item);
    this.changed(item);
    this.goOn();
  }

  /** @param {Item} item one that failed */
  again(item) {
    item.tries = 0;
    this.#become(item, "waiting");
    this.goOn();
  }

  /** There is a key now. */
  unlocked() {
    this.keyless = false;
    this.goOn();
  }

  /**
   * @param {Item} item
   * @returns {number} its place among those that wait here, from 1
   */
  place(item) {
    return this.items.filter((other) => isWaiting(other)).indexOf(item) + 1;
  }

  /** Send as many as may be. */
  goOn() {
    if (!this.keyless && this.now() >= this.heldUntil) {
      const free = AT_ONCE - this.items.filter((item) => item.state === "sending" || item.state === "working").length;
      for (const item of this.items.filter(isWaiting).slice(0, Math.max(0, free))) void this.#sent(item);
    }
    for (const item of this.items.filter(isWaiting)) this.changed(item); // its place is another one
  }

  /** @param {Item} item */
  async #sent(item) {
    const { signal } = item.ending;
    item.share = 0;
    this.#become(item, "sending");
    try {
      item.transcript = await this.send(item, { sent: (share) => this.#progressed(item, share), signal });
      this.#become(item, "done");
    } catch (error) {
      if (!signal.aborted) this.#turnedAway(item, error);
    }
    this.goOn();
  }

  /**
   * @param {Item} item
   * @param {number} share
   */
  #progressed(item, share) {
    item.share = share;
    this.#become(item, share < 1 ? "sending" : "working");
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  #turnedAway(item, error) {
    const refused = error instanceof Refused ? error : new Refused(0, String(error));
    item.tries += 1;
    if (refused.status === 401) {
      const asked = this.keyless;
      this.keyless = true;
      this.#become(item, "waiting");
      if (!asked) this.keyWanted();
    } else if (refused.status === 429 || (refused.status === 503 && refused.retryAfter && item.tries < TRIES)) {
      item.position = refused.position;
      this.heldUntil = Math.max(this.heldUntil, this.now() + 1000 * (refused.retryAfter ?? 10));
      this.#become(item, "held");
      this.later(() => this.goOn(), this.heldUntil - this.now() + 1);
    } else {
      item.message = refused.message;
      this.#become(item, "failed");
    }
  }

  /**
   * @param {Item} item
   * @param {State} state
   */
  #become(item, state) {
    item.state = state;
    this.changed(item);
  }
}

/** @param {Item} item */
function isWaiting(item) {
  return item.state === "waiting" || item.state === "held";
}
