/**
 * Live captions of the microphone. What is certain stands in a log that screen readers read out, politely; what is not yet stands
 * behind it and is not read out. Afterwards the recording can go the way of any file.
 */

import { SILENCE, asText, heard } from "./captions.js";
import { element, known, save } from "./dom.js";
import { opened } from "./microphone.js";
import { Refused, liveStream, serviceState } from "./service.js";

/** A stream that tells its last words takes no longer than this, milliseconds. */
const LAST_WORDS = 20_000;

export class Live {
  #panel = known("live", HTMLElement);
  #button = known("speak", HTMLButtonElement);
  #log = known("captions", HTMLElement);
  #provisional = known("provisional", HTMLElement);
  #state = known("live-state", HTMLElement);
  #after = known("live-after", HTMLElement);
  #captions = SILENCE;
  /** @type {import("./microphone.js").Open | null} */
  #microphone = null;
  /** @type {WebSocket | null} */
  #stream = null;
  /** @type {File | null} */
  #recording = null;

  /** @param {{language: () => string, transcribe: (file: File) => void, keyWanted: () => void}} on */
  constructor(on) {
    this.on = on;
    this.#button.addEventListener("click", () => void (this.#microphone ? this.#stop() : this.#start()));
    known("live-text", HTMLButtonElement).addEventListener("click", () => {
      save(new Blob([asText(this.#captions)], { type: "text/plain" }), "captions.txt");
    });
    known("live-transcribe", HTMLButtonElement).addEventListener("click", () => {
      if (this.#recording) this.on.transcribe(this.#recording);
    });
    known("live-close", HTMLButtonElement).addEventListener("click", () => {
      this.#panel.hidden = true;
      this.#button.focus();
    });
  }

  async #start() {
    this.#captions = SILENCE;
    this.#recording = null;
    this.#log.replaceChildren();
    this.#provisional.textContent = "";
    this.#panel.hidden = false;
    this.#after.hidden = true;
    this.#button.disabled = true;
    this.#say("asks for the microphone");
    try {
      await serviceState(); // a key that is missing is asked for before the microphone is
      /** @type {Int16Array<ArrayBuffer>[]} */
      const early = [];
      this.#microphone = await opened((samples) => {
        if (this.#stream?.readyState === WebSocket.OPEN) this.#stream.send(samples);
        else early.push(samples);
      });
      this.#stream = liveStream({ rate: this.#microphone.rate, language: this.on.language() });
      this.#listen(this.#stream, early);
      this.#running(true);
      this.#say("connects");
    } catch (error) {
      this.#stream = null;
      this.#say(error instanceof Error ? error.message : String(error), true);
      if (error instanceof Refused && error.status === 401) this.on.keyWanted();
      await this.#stop();
    }
    this.#button.disabled = false;
  }

  /**
   * @param {WebSocket} stream
   * @param {Int16Array<ArrayBuffer>[]} early what was said before it was open
   */
  #listen(stream, early) {
    let was = false;
    stream.addEventListener("open", () => {
      was = true;
      for (const samples of early) stream.send(samples);
      this.#say("listens");
    });
    stream.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    stream.addEventListener("close", ({ code }) => {
      if (stream !== this.#stream) return;
      this.#stream = null;
      if (!was) void this.#refused();
      else if (code === 1000) this.#say("");
      else this.#say("the service has ended the stream; what stands here is all that was understood", true);
      if (this.#microphone) void this.#stop();
    });
  }

  /** A browser does not tell why a stream did not open: the service's state says it. */
  async #refused() {
    try {
      const { streams, streams_open } = await serviceState();
      if (!streams) this.#say("this service takes no live streams", true);
      else if (streams_open >= streams) this.#say(`all ${streams} live streams are taken; try again later`, true);
      else this.#say("the live stream could not be opened; is there a proxy that lets no WebSocket through?", true);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
  }

  async #stop() {
    const [microphone, stream] = [this.#microphone, this.#stream];
    this.#microphone = null;
    this.#running(false);
    if (microphone) this.#recording = await microphone.stop();
    if (stream?.readyState === WebSocket.OPEN) {
      stream.send(JSON.stringify({ type: "CloseStream" }));
      this.#say("finishes");
      setTimeout(() => stream.close(), LAST_WORDS);
    } else if (stream) {
      this.#stream = null; // it was never open: its end is no news
      stream.close();
      this.#say("");
    }
    this.#after.hidden = !this.#recording;
  }

  /** @param {import("./captions.js").Message} message */
  #hear(message) {
    const faults = this.#captions.faults.length;
    this.#captions = heard(this.#captions, message);
    this.#captions.certain.forEach(({ text }, index) => {
      const shown = this.#log.children[index] ?? this.#log.appendChild(element("p", { dir: "auto" }));
      const told = shown.textContent ?? "";
      if (text !== told) shown.append(text.startsWith(told) ? text.slice(told.length) : text); // only what is new is read out
    });
    const { provisional, certain } = this.#captions;
    this.#provisional.textContent = provisional.text && ` ${provisional.text}`;
    this.#provisional.parentElement?.classList.toggle("continued", provisional.segment === certain.at(-1)?.segment);
    this.#provisional.scrollIntoView({ block: "nearest" });
    if (this.#captions.faults.length > faults) this.#say(this.#captions.faults.at(-1) ?? "", true);
  }

  /** @param {boolean} on */
  #running(on) {
    this.#button.textContent = on ? "Stop" : "Speak";
    this.#button.dataset.running = this.#panel.dataset.running = String(on);
  }

  /**
   * @param {string} text
   * @param {boolean} [isFault]
   */
  #say(text, isFault = false) {
    this.#state.textContent = text;
    this.#state.classList.toggle("fault", isFault);
  }
}
