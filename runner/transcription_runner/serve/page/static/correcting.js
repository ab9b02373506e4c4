/** Correcting a segment in place: its text in a field; Enter keeps what was typed, Escape leaves all as it was. */

import { element } from "./dom.js";

/**
 * @param {HTMLElement} row the segment's
 * @param {string} text
 * @param {(text: string | null) => void} done with what was typed; null: nothing changes
 */
export function correcting(row, text, done) {
  const body = /** @type {HTMLElement} */ (row.querySelector(".body"));
  const field = element("textarea", { class: "field", "aria-label": "What is said", rows: "1", dir: "auto", spellcheck: "true" });
  field.value = text;
  const grown = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  field.addEventListener("input", grown);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") done(field.value);
    else if (event.key === "Escape") done(null);
    else return;
    event.preventDefault();
  });
  const buttons = element("div", { class: "buttons" }, [
    element("button", { type: "button", class: "primary", text: "Keep", onclick: () => done(field.value) }),
    element("button", { type: "button", text: "Cancel", onclick: () => done(null) }),
  ]);
  row.classList.add("editing");
  body.querySelector(".said")?.replaceWith(field, buttons);
  grown();
  field.focus();
}
