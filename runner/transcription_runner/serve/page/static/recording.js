/**
 * A recording with its transcript, as it is corrected: texts, the speakers' names, and the way back.
 *
 * @typedef {import("./types.js").Transcript} Transcript
 * @typedef {import("./types.js").Segment} Segment
 */

import { corrected } from "./realign.js";

export class Recording {
  /** @type {Map<string, string>} What speakers are called, by what the service calls them. */
  #names = new Map();
  /** @type {{index: number, segment: Segment}[]} */
  #before = [];
  /** Whether there is something that no download has. */
  unsaved = false;

  /**
   * @param {File} file
   * @param {Transcript} transcript
   */
  constructor(file, transcript) {
    this.file = file;
    this.transcript = transcript;
  }

  get segments() {
    return this.transcript.segments;
  }

  /** @returns {string[]} as the service calls them, in the order in which they first speak */
  get speakers() {
    return [...new Set(this.segments.flatMap((segment) => segment.speaker ?? []))];
  }

  /** @param {string} speaker */
  nameOf(speaker) {
    return this.#names.get(speaker) ?? speaker;
  }

  /**
   * @param {string} speaker
   * @param {string} name empty: what the service calls them
   */
  rename(speaker, name) {
    this.#names.set(speaker, name.trim() || speaker);
    this.unsaved = true;
  }

  /**
   * @param {number} index of the segment
   * @param {string} text
   * @returns {boolean} whether that changed anything
   */
  correct(index, text) {
    const segment = this.segments[index];
    const better = corrected(segment, text);
    if (better === segment) return false;
    this.#before.push({ index, segment });
    this.#replace(index, better);
    return true;
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /** @returns {number | null} the segment that is as it was before the last correction */
  undo() {
    const last = this.#before.pop();
    if (!last) return null;
    this.#replace(last.index, last.segment);
    return last.index;
  }

  /** @returns {Transcript} with the speakers' names, as it is to be written */
  named() {
    /** @template {{speaker?: string}} T @param {T} one @returns {T} */
    const named = (one) => (one.speaker === undefined ? one : { ...one, speaker: this.nameOf(one.speaker) });
    const segments = this.segments.map((segment) => ({ ...named(segment), words: segment.words.map(named) }));
    return { ...this.transcript, segments };
  }

  /**
   * @param {number} index
   * @param {Segment} segment
   */
  #replace(index, segment) {
    this.transcript = { ...this.transcript, segments: this.segments.with(index, segment) };
    this.unsaved = true;
  }
}
