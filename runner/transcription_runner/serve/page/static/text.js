/**
 * The transcript's text: words that light up and can be clicked, and segments that are corrected in place.
 *
 * For the keyboard the text is one stop: the arrow keys go from word to word (left, right) and from segment to segment (up, down),
 * Enter plays from the word, space plays and pauses, E corrects the segment.
 *
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {import("./timeline.js").Spoken} Spoken
 */

import { clock, spokenTime } from "./clock.js";
import { element, isCalm, known } from "./dom.js";
import { correcting } from "./correcting.js";
import { litAt, pieces, timeline } from "./timeline.js";

/** Speakers have colours of their own up to this number, and then the first again. */
export const COLOURS = 8;
/** After somebody has scrolled, the text follows the sound again in so many milliseconds. */
const REST = 5000;

export class Text {
  #list = known("segments", HTMLOListElement);
  #follow = known("follow", HTMLInputElement);
  /** @type {Recording | null} */
  #recording = null;
  /** @type {Spoken[]} */
  #spoken = [];
  /** @type {HTMLElement[][]} Of each segment, its words. */
  #words = [];
  /** @type {HTMLElement | null} */
  #lit = null;
  /** @type {HTMLElement | null} The word that the keyboard comes to. */
  #stop = null;
  #scrolled = 0;

  /** @param {{play: (time: number) => void, toggle: () => void, corrected: () => void}} on */
  constructor(on) {
    this.on = on;
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    for (const name of ["wheel", "touchmove"]) {
      addEventListener(name, () => (this.#scrolled = Date.now()), { passive: true });
    }
  }

  /** @param {Recording} recording */
  show(recording) {
    this.#recording = recording;
    this.#list.lang = recording.transcript.language;
    this.#words = [];
    this.#list.replaceChildren(...recording.segments.map((_, index) => this.#row(index)));
    this.#stop = null;
    this.#retimed();
  }

  /** The speakers have other names. */
  renamed() {
    for (const name of this.#list.querySelectorAll(".speaker")) {
      if (name instanceof HTMLElement) name.textContent = this.#recording?.nameOf(name.dataset.speaker ?? "") ?? "";
    }
  }

  /** @param {number} index a segment with another text */
  changed(index) {
    const focused = this.#list.children[index].contains(document.activeElement);
    this.#list.children[index].replaceWith(this.#row(index));
    this.#retimed();
    if (focused) this.#stopAt(this.#words[index][0] ?? null, true);
  }

  /**
   * @param {number} time seconds
   * @param {boolean} playing
   */
  light(time, playing) {
    const spoken = this.#spoken[litAt(this.#spoken, time)];
    const word = spoken ? (this.#words[spoken.segment][spoken.word] ?? null) : null;
    if (word === this.#lit) return;
    this.#lit?.classList.remove("lit");
    word?.classList.add("lit");
    this.#lit = word;
    if (word && playing && this.#follow.checked && Date.now() - this.#scrolled > REST) follow(word);
  }

  /** @param {number} time seconds: bring what is said then before the eyes, and to the keyboard */
  goTo(time) {
    const next = this.#spoken.find((spoken) => spoken.end > time) ?? this.#spoken.at(-1);
    const word = next && this.#words[next.segment][next.word];
    if (!word) return;
    this.#stopAt(word, true);
    word.scrollIntoView({ block: "center", behavior: isCalm() ? "auto" : "smooth" });
  }

  #retimed() {
    this.#spoken = timeline(this.#recording?.segments ?? []);
    if (!this.#stop?.isConnected) this.#stopAt(this.#words.find((words) => words.length)?.[0] ?? null, false);
  }

  /** @param {number} index */
  #row(index) {
    const recording = /** @type {Recording} */ (this.#recording);
    const segment = recording.segments[index];
    /** @type {HTMLElement[]} */
    const words = [];
    const said = element("p", { class: "said", dir: "auto" }, pieces(segment).map(({ text, word }) => {
      if (word < 0) return text;
      return (words[word] = element("span", { class: "word", tabindex: "-1", text, "data-segment": `${index}`, "data-word": `${word}` }));
    })); // prettier-ignore
    this.#words[index] = words;
    if (!segment.text) said.append(element("span", { class: "quiet", text: "(nothing)" }));
    const start = element("button", {
      type: "button", class: "time", text: clock(segment.start), "aria-label": `Play from ${clock(segment.start)}`,
      onclick: () => this.on.play(segment.start),
    }); // prettier-ignore
    const correct = element("button", {
      type: "button", class: "correct", text: "Correct", "aria-label": `Correct what is said at ${spokenTime(segment.start)}`,
      onclick: () => this.#correct(index),
    }); // prettier-ignore
    const row = element("li", { class: "segment" }, [start, element("div", { class: "body" }, [said]), correct]);
    const { speaker } = segment;
    if (speaker !== undefined) {
      row.classList.add(`speaker-${recording.speakers.indexOf(speaker) % COLOURS}`);
      const continued = index > 0 && recording.segments[index - 1].speaker === speaker;
      if (!continued) {
        row.classList.add("turn");
        said.before(element("p", { class: "speaker", text: recording.nameOf(speaker), "data-speaker": speaker }));
      }
    }
    return row;
  }

  /** @param {number} index */
  #correct(index) {
    const recording = /** @type {Recording} */ (this.#recording);
    const row = /** @type {HTMLElement} */ (this.#list.children[index]);
    if (row.querySelector("textarea")) return;
    correcting(row, recording.segments[index].text, (text) => {
      const changed = text !== null && recording.correct(index, text);
      this.changed(index);
      /** @type {HTMLElement | null} */ (this.#list.children[index].querySelector(".correct"))?.focus();
      if (changed) this.on.corrected();
    });
  }

  /** @param {MouseEvent} event */
  #clicked({ target }) {
    const place = placeOf(target);
    if (place && !String(getSelection())) this.#play(place);
  }

  /** @param {{segment: number, word: number}} place */
  #play({ segment, word }) {
    const { start, words } = /** @type {Recording} */ (this.#recording).segments[segment];
    const before = words.slice(0, word + 1).findLast((one) => one.start !== undefined);
    this.#stopAt(this.#words[segment][word], false);
    this.on.play(before?.start ?? start);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const place = placeOf(event.target);
    if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
    const { segment, word } = place;
    const flat = this.#words.flat();
    const here = flat.indexOf(this.#words[segment][word]);
    const steps = /** @type {Record<string, () => void>} */ ({
      ArrowRight: () => this.#stopAt(flat[here + 1], true),
      ArrowLeft: () => this.#stopAt(flat[here - 1], true),
      ArrowDown: () => this.#stopAt(this.#words.slice(segment + 1).find((words) => words.length)?.[0], true),
      ArrowUp: () => this.#stopAt(this.#words.slice(0, segment).findLast((words) => words.length)?.[0], true),
      Home: () => this.#stopAt(flat[0], true),
      End: () => this.#stopAt(flat.at(-1), true),
      Enter: () => this.#play(place),
      " ": () => this.on.toggle(),
      e: () => this.#correct(segment),
    });
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  }

  /**
   * @param {HTMLElement | null | undefined} word
   * @param {boolean} focus
   */
  #stopAt(word, focus) {
    if (!word) return;
    this.#stop?.setAttribute("tabindex", "-1");
    word.setAttribute("tabindex", "0");
    this.#stop = word;
    if (focus) word.focus();
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {{segment: number, word: number} | null}
 */
function placeOf(target) {
  if (!(target instanceof HTMLElement) || !target.classList.contains("word")) return null;
  return { segment: Number(target.dataset.segment), word: Number(target.dataset.word) };
}

/** @param {HTMLElement} word */
function follow(word) {
  const { top, bottom } = word.getBoundingClientRect();
  const ceiling = (document.querySelector(".player")?.getBoundingClientRect().bottom ?? 0) + 8;
  if (top < ceiling || bottom > innerHeight - 48) word.scrollIntoView({ block: "center", behavior: isCalm() ? "auto" : "smooth" });
}
