/** The list of doubtful passages, the most doubtful first: each a button that plays it and brings it before the eyes. */

import { clock } from "./clock.js";
import { element, known } from "./dom.js";
import { doubts } from "./doubts.js";

/** So many are shown until somebody asks for all. */
const FIRST = 12;

export class DoubtList {
  #list = known("doubt-list", HTMLOListElement);
  #more = known("more-doubts", HTMLButtonElement);
  #none = known("no-doubts", HTMLElement);
  /** @type {Set<string>} */
  #seen = new Set();
  #all = false;
  /** @type {import("./types.js").Transcript | null} */
  #transcript = null;

  /** @param {(start: number) => void} goTo */
  constructor(goTo) {
    this.goTo = goTo;
    this.#more.addEventListener("click", () => {
      this.#all = true;
      this.#show();
      /** @type {HTMLElement | null} */ (this.#list.children[FIRST]?.querySelector("button"))?.focus();
    });
  }

  /** @param {import("./types.js").Transcript} transcript of another recording */
  show(transcript) {
    this.#seen.clear();
    this.#all = false;
    this.update(transcript);
  }

  /** @param {import("./types.js").Transcript} transcript */
  update(transcript) {
    this.#transcript = transcript;
    this.#show();
  }

  #show() {
    const found = this.#transcript ? doubts(this.#transcript) : [];
    const shown = this.#all ? found : found.slice(0, FIRST);
    this.#list.replaceChildren(...shown.map((doubt) => this.#row(doubt)));
    this.#more.hidden = shown.length === found.length;
    this.#more.textContent = `Show all ${found.length}`;
    this.#none.hidden = found.length > 0;
  }

  /** @param {import("./doubts.js").Doubt} doubt */
  #row({ start, end, text, why }) {
    const name = `${start}-${end}`;
    const button = element("button", { type: "button", class: "doubt" }, [
      element("span", { class: "when", text: clock(start) }),
      element("span", { class: "what", dir: "auto", text: text || "…" }),
      element("span", { class: "why", text: why }),
    ]);
    button.addEventListener("click", () => {
      this.#seen.add(name);
      button.classList.add("seen");
      this.goTo(start);
    });
    button.classList.toggle("seen", this.#seen.has(name));
    return element("li", {}, [button]);
  }
}
