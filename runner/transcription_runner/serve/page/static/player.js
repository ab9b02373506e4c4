/**
 * The player: an audio element, its buttons, and above them the waveform, where wavesurfer.js is there to draw one and the recording
 * is not too long for it. Without, everything works on a plain bar.
 */

import { clock, spokenTime } from "./clock.js";
import { known } from "./dom.js";
import { drawn } from "./waveform.js";

const STEP = 5;
const LEAP = 30;

export class Player {
  #audio = known("audio", HTMLAudioElement);
  #position = known("position", HTMLElement);
  #bar = known("bar", HTMLElement);
  #clock = known("clock", HTMLElement);
  #play = known("play", HTMLButtonElement);
  #note = known("player-note", HTMLElement);
  #address = "";
  #expected = 0;
  /** @type {import("./waveform.js").Waveform | null} */
  #waveform = null;

  /** @param {(time: number, playing: boolean) => void} told seconds, many times a second while it plays */
  constructor(told) {
    this.told = told;
    this.#play.addEventListener("click", () => this.toggle());
    known("back", HTMLButtonElement).addEventListener("click", () => this.skip(-STEP));
    known("forward", HTMLButtonElement).addEventListener("click", () => this.skip(STEP));
    const speed = known("speed", HTMLSelectElement);
    speed.addEventListener("change", () => {
      this.#audio.playbackRate = this.#audio.defaultPlaybackRate = Number(speed.value);
    });
    this.#position.addEventListener("keydown", (event) => this.#steered(event));
    this.#position.addEventListener("click", (event) => this.#clicked(event));
    for (const name of ["timeupdate", "seeked", "loadedmetadata", "play", "pause"]) {
      this.#audio.addEventListener(name, () => this.#show());
    }
    this.#audio.addEventListener("play", () => this.#run());
    this.#audio.addEventListener("error", () => {
      if (this.#address) this.#say("This browser cannot play this kind of file. The text can be read, corrected and downloaded.");
    });
  }

  /**
   * @param {File} file
   * @param {number} seconds how long it lasts, as the service says
   */
  load(file, seconds) {
    this.#waveform?.end();
    this.#waveform = null;
    this.#say("");
    URL.revokeObjectURL(this.#address);
    this.#expected = seconds;
    this.#audio.src = this.#address = URL.createObjectURL(file);
    this.#show();
    const address = this.#address;
    void drawn(this.#position, this.#audio, file, seconds).then((waveform) => {
      if (address !== this.#address) {
        if (typeof waveform !== "string") waveform.end(); // another file is there by now
      } else if (typeof waveform === "string") this.#say(waveform);
      else this.#waveform = waveform;
      this.#position.dataset.drawn = String(this.#waveform !== null);
    });
  }

  /** How long the recording is, seconds. */
  get seconds() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : this.#expected;
  }

  /**
   * @param {number} time seconds
   * @param {{play: boolean}} [how]
   */
  seek(time, { play } = { play: false }) {
    this.#audio.currentTime = Math.max(0, Math.min(time, this.seconds));
    if (play) this.#start();
  }

  toggle() {
    if (this.#audio.paused) this.#start();
    else this.#audio.pause();
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.seek(this.#audio.currentTime + seconds);
  }

  #start() {
    this.#audio.play().catch(() => {}); // the error event tells it
  }

  /** @param {KeyboardEvent} event */
  #steered(event) {
    const steps = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => this.skip(-STEP),
      ArrowDown: () => this.skip(-STEP),
      ArrowRight: () => this.skip(STEP),
      ArrowUp: () => this.skip(STEP),
      PageDown: () => this.skip(-LEAP),
      PageUp: () => this.skip(LEAP),
      Home: () => this.seek(0),
      End: () => this.seek(this.seconds),
      " ": () => this.toggle(),
    });
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    step();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const { left, width } = this.#position.getBoundingClientRect();
    this.seek(((event.clientX - left) / width) * this.seconds);
  }

  #run() {
    const step = () => {
      if (this.#audio.paused) return;
      this.#show();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #show() {
    const { currentTime, paused } = this.#audio;
    const [now, whole] = [clock(currentTime), clock(this.seconds)];
    if (this.#clock.textContent !== `${now} / ${whole}`) {
      this.#clock.textContent = `${now} / ${whole}`;
      this.#position.setAttribute("aria-valuemax", String(Math.floor(this.seconds)));
      this.#position.setAttribute("aria-valuenow", String(Math.floor(currentTime)));
      this.#position.setAttribute("aria-valuetext", `${spokenTime(currentTime)} of ${spokenTime(this.seconds)}`);
    }
    this.#bar.style.width = `${this.seconds ? (100 * currentTime) / this.seconds : 0}%`;
    this.#play.setAttribute("aria-label", paused ? "Play" : "Pause");
    this.#play.dataset.playing = String(!paused);
    this.told(currentTime, !paused);
  }

  /** @param {string} text */
  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = !text;
  }
}
