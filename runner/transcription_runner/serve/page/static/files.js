/** The list of files: the state of each, its place in the line, and what can be done about it. */

import { clock, size } from "./clock.js";
import { element, known } from "./dom.js";

/** @typedef {import("./line.js").Item} Item */
/** @typedef {import("./line.js").Line} Line */

export class Files {
  #list = known("file-list", HTMLUListElement);
  #empty = known("no-files", HTMLElement);
  /** @type {Map<Item, HTMLElement>} */
  #rows = new Map();
  /** @type {Item | null} */
  #open = null;

  /** @param {{open: (item: Item) => void, remove: (item: Item) => void, again: (item: Item) => void}} on */
  constructor(on) {
    this.on = on;
  }

  /**
   * @param {Line} line
   * @param {Item} item
   */
  show(line, item) {
    const row = this.#rows.get(item);
    if (!line.items.includes(item)) {
      const after = row?.nextElementSibling ?? row?.previousElementSibling;
      const focused = row?.contains(document.activeElement);
      row?.remove();
      this.#rows.delete(item);
      if (focused) (after?.querySelector("button") ?? document.getElementById("files"))?.focus();
    } else {
      const made = row ?? this.#made(item);
      this.#fill(made, line, item);
    }
    this.#empty.hidden = line.items.length > 0;
  }

  /** @param {Item} item */
  select(item) {
    this.#open = item;
    for (const [other, row] of this.#rows) {
      if (other === item) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** @param {Item} item */
  #made(item) {
    const name = element("button", { type: "button", class: "name", dir: "auto", title: item.file.name, text: item.file.name, onclick: () => this.on.open(item) });
    const row = element("li", { class: "file" }, [
      name,
      element("p", { class: "state" }),
      element("progress", { max: "1", "aria-label": `Upload of ${item.file.name}` }),
      element("div", { class: "actions" }, [
        element("button", { type: "button", class: "again", text: "Try again", "aria-label": `Try again: ${item.file.name}`, onclick: () => this.on.again(item) }),
        element("button", { type: "button", class: "remove", text: "×", "aria-label": `Remove ${item.file.name}`, onclick: () => this.on.remove(item) }),
      ]),
    ]); // prettier-ignore
    this.#rows.set(item, row);
    this.#list.append(row);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Line} line
   * @param {Item} item
   */
  #fill(row, line, item) {
    row.dataset.state = item.state;
    const name = /** @type {HTMLButtonElement} */ (row.querySelector(".name"));
    name.disabled = item.state !== "done";
    const state = /** @type {HTMLElement} */ (row.querySelector(".state"));
    const told = stateOf(line, item, Date.now());
    if (state.textContent !== told) state.textContent = told;
    const progress = /** @type {HTMLProgressElement} */ (row.querySelector("progress"));
    progress.hidden = item.state !== "sending" && item.state !== "working";
    if (item.state === "sending") progress.value = item.share;
    else progress.removeAttribute("value");
    /** @type {HTMLElement} */ (row.querySelector(".again")).hidden = item.state !== "failed";
    if (item === this.#open) row.setAttribute("aria-current", "true");
  }
}

/**
 * @param {Line} line
 * @param {Item} item
 * @param {number} now milliseconds
 * @returns {string}
 */
export function stateOf(line, item, now) {
  switch (item.state) {
    case "waiting":
      return line.keyless ? "waits for an API key" : `waits, ${ordinal(line.place(item))} in line · ${size(item.file.size)}`;
    case "sending":
      return `${Math.floor(100 * item.share)}% of ${size(item.file.size)} sent`;
    case "working":
      return "is being transcribed";
    case "held": {
      const seconds = Math.max(0, Math.ceil((line.heldUntil - now) / 1000));
      const place = item.position === undefined ? "" : `, it would be ${ordinal(item.position)} there`;
      return `the service is full${place}; asks again in ${seconds} s`;
    }
    case "done":
      return `${clock(item.transcript?.transcription.durationSeconds ?? 0)} · ${item.transcript?.language ?? ""}`;
    case "failed":
      return item.message;
  }
}

/** @param {number} number from 1 */
export function ordinal(number) {
  const teen = number % 100 > 10 && number % 100 < 14;
  return `${number}${teen ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th")}`;
}
