/** The speakers: each has a colour and a name, which is changed here once for the whole recording. */

import { element, known } from "./dom.js";
import { COLOURS } from "./text.js";

/** What the service refuses no name for, and a line holds. */
const LONGEST = "60";

/**
 * @param {import("./recording.js").Recording} recording
 * @param {() => void} renamed
 */
export function showSpeakers(recording, renamed) {
  const { speakers } = recording;
  known("speakers", HTMLElement).hidden = !speakers.length;
  known("speaker-list", HTMLUListElement).replaceChildren(
    ...speakers.map((speaker, index) => {
      const field = element("input", { type: "text", maxlength: LONGEST, autocomplete: "off", "aria-label": `Name of ${speaker}` });
      field.value = recording.nameOf(speaker);
      const rename = () => {
        recording.rename(speaker, field.value);
        field.value = recording.nameOf(speaker);
        renamed();
      };
      field.addEventListener("change", rename);
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.isComposing) rename();
      });
      return element("li", { class: `speaker-${index % COLOURS}` }, [element("span", { class: "dot" }), field]);
    }),
  );
}
