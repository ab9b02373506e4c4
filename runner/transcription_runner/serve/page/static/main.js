/** The page: what is on it is put together here. */

import { element, known, save } from "./dom.js";
import { DoubtList } from "./doubtlist.js";
import { Files } from "./files.js";
import { Line } from "./line.js";
import { Live } from "./live.js";
import { Player } from "./player.js";
import { Recording } from "./recording.js";
import { Refused, key, serviceState, transcribed, written } from "./service.js";
import { showSpeakers } from "./speakers.js";
import { Text } from "./text.js";

/** Milliseconds between two looks at the service: while something is on its way, and else. */
const [BUSY, IDLE] = [2000, 20_000];
const SUFFIXES = /** @type {Record<string, string>} */ ({ karaoke: "karaoke.vtt" });

/** @type {Map<import("./line.js").Item, Recording>} */
const recordings = new Map();
/** @type {Recording | null} */
let open = null;
/** When the service was looked at, milliseconds. */
let lastLook = Date.now();
/** Whether it ever was. */
let looked = false;

const line = new Line((item, watch) => transcribed(item.file, item.parameters, watch), { changed, keyWanted: askForKey });
const files = new Files({
  open: show,
  again: (item) => line.again(item),
  remove: (item) => {
    const recording = recordings.get(item);
    if (recording?.unsaved && !confirm(`Your corrections of ${item.file.name} were not downloaded. Remove it all the same?`)) return;
    recordings.delete(item);
    line.remove(item);
    if (recording && recording === open) hideTranscript();
  },
});
const player = new Player((time, playing) => text.light(time, playing));
const text = new Text({ play: (time) => player.seek(time, { play: true }), toggle: () => player.toggle(), corrected: () => corrected() });
const doubtList = new DoubtList((start) => {
  player.seek(Math.max(0, start - 0.3), { play: true });
  text.goTo(start);
});
const language = known("language", HTMLSelectElement);
const speakers = known("speakers-asked", HTMLSelectElement);
const channels = known("channels", HTMLSelectElement);
const live = new Live({ language: () => language.value, transcribe: (file) => add([file]), keyWanted: askForKey });
void live;

/** @param {Iterable<File>} chosen */
function add(chosen) {
  /** @type {Record<string, string>} */
  const parameters = {};
  if (language.value) parameters.language = language.value;
  if (channels.value === "split") parameters.channels = "split";
  else if (speakers.value) {
    parameters.diarize = "true";
    if (speakers.value !== "any") Object.assign(parameters, { min_speakers: speakers.value, max_speakers: speakers.value });
  }
  line.add(chosen, parameters);
}

/** @param {import("./line.js").Item} item */
function changed(item) {
  files.show(line, item);
  if (item.state === "done" && item.transcript && !recordings.has(item) && line.items.includes(item)) {
    recordings.set(item, new Recording(item.file, item.transcript));
    tell(`${item.file.name} is transcribed`);
    if (!open) show(item);
  }
  if (item.state === "failed") tell(`${item.file.name}: ${item.message}`);
  if (item.state === "done" || item.state === "failed") lastLook = 0;
}

/** @param {import("./line.js").Item} item */
function show(item) {
  const recording = recordings.get(item);
  if (!recording || recording === open) return;
  open = recording;
  files.select(item);
  known("welcome", HTMLElement).hidden = true;
  known("transcript", HTMLElement).hidden = false;
  known("rail", HTMLElement).hidden = false;
  known("title", HTMLElement).textContent = recording.file.name;
  text.show(recording);
  player.load(recording.file, recording.transcript.transcription.durationSeconds);
  showSpeakers(recording, () => text.renamed());
  doubtList.show(recording.transcript);
  known("nothing-said", HTMLElement).hidden = recording.segments.length > 0;
  known("undo", HTMLButtonElement).hidden = !recording.canUndo;
}

function hideTranscript() {
  open = null;
  for (const id of ["transcript", "rail"]) known(id, HTMLElement).hidden = true;
  known("welcome", HTMLElement).hidden = false;
}

function corrected() {
  if (!open) return;
  doubtList.update(open.transcript);
  known("undo", HTMLButtonElement).hidden = !open.canUndo;
}

known("undo", HTMLButtonElement).addEventListener("click", () => {
  const index = open?.undo() ?? null;
  if (index === null) return;
  text.changed(index);
  corrected();
  tell("The last correction is undone");
});

for (const button of known("downloads", HTMLElement).querySelectorAll("button")) {
  button.addEventListener("click", () => void download(button.value));
}

/** @param {string} format */
async function download(format) {
  const recording = open;
  if (!recording) return;
  try {
    const content = await written(recording.named(), format);
    save(content, `${recording.file.name}.${SUFFIXES[format] ?? format}`);
    recording.unsaved = false;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) askForKey();
    tell(error instanceof Error ? error.message : String(error));
  }
}

const chosen = known("files", HTMLInputElement);
chosen.addEventListener("change", () => {
  add([...(chosen.files ?? [])]);
  chosen.value = "";
});
channels.addEventListener("change", () => {
  speakers.disabled = channels.value === "split";
});

addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  add([...(event.dataTransfer?.files ?? [])]);
});

addEventListener("keydown", (event) => {
  const busy = event.target instanceof Element && event.target.closest("button, input, select, textarea, a, summary, dialog, [role=slider], .word");
  if (event.key !== " " || busy || !open) return;
  event.preventDefault();
  player.toggle();
});
addEventListener("beforeunload", (event) => {
  if ([...recordings.values()].some((recording) => recording.unsaved)) event.preventDefault();
});

const keyDialog = known("key-dialog", HTMLDialogElement);
const keyField = known("key", HTMLInputElement);
known("key-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  key.set(keyField.value.trim());
  keyField.value = "";
  keyDialog.close();
  looked = false; // a key that is wrong is asked for again
  void look();
  line.unlocked();
});
known("key-cancel", HTMLButtonElement).addEventListener("click", () => keyDialog.close());
known("key-button", HTMLButtonElement).addEventListener("click", askForKey);

function askForKey() {
  known("key-button", HTMLElement).hidden = false;
  known("key-wrong", HTMLElement).hidden = !key.get();
  if (!keyDialog.open) keyDialog.showModal();
}

/** @param {string} message for eyes and for screen readers */
function tell(message) {
  const told = known("told", HTMLElement);
  told.textContent = message;
  told.dataset.fresh = "false";
  requestAnimationFrame(() => (told.dataset.fresh = "true"));
}

async function look() {
  const told = known("service-state", HTMLElement);
  try {
    const state = await serviceState();
    if (language.options.length === 1) offer(state.languages);
    const places = `${state.places_taken} of ${state.places} places taken`;
    told.textContent = [state.model, places, ...(state.streams_open ? [`${state.streams_open} live`] : [])].join(" · ");
    known("speak", HTMLElement).hidden = !state.streams;
  } catch (error) {
    told.textContent = error instanceof Refused && error.status === 401 ? "An API key is needed" : "The service cannot be reached";
    if (error instanceof Refused && error.status === 401) {
      known("key-button", HTMLElement).hidden = false;
      if (!looked) askForKey();
    }
  }
  looked = true;
}

/** @param {string[]} codes */
function offer(codes) {
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const named = codes.map((code) => ({ code, name: names.of(code) ?? code }));
  named.sort((one, other) => one.name.localeCompare(other.name));
  language.append(...named.map(({ code, name }) => element("option", { value: code, text: name })));
}

setInterval(() => {
  const going = line.items.filter((item) => item.state !== "done" && item.state !== "failed");
  for (const item of going) if (item.state === "held") files.show(line, item);
  if (document.hidden || Date.now() - lastLook < (going.length ? BUSY : IDLE)) return;
  lastLook = Date.now();
  void look();
}, 1000);
void look();
