/**
 * The waveform, by wavesurfer.js (BSD-3-Clause, vendor/). It only draws: the player moves the sound, also by clicks.
 */

/** @typedef {{end: () => void}} Waveform */

const LIBRARY = "./vendor/wavesurfer.esm.js";
/** The sound is decoded whole, at 8,000 samples a second: two hours of stereo take half a gigabyte of the browser's memory. */
const LONGEST_SECONDS = 2 * 3600;
const LARGEST_BYTES = 500e6;

const LOOKS = { height: 72, barWidth: 2, barGap: 2, barRadius: 2, normalize: true, cursorWidth: 2, interact: false };

/**
 * @param {HTMLElement} container
 * @param {HTMLAudioElement} audio has the sound already
 * @param {File} file
 * @param {number} seconds
 * @returns {Promise<Waveform | string>} or why there is none
 */
export async function drawn(container, audio, file, seconds) {
  if (seconds > LONGEST_SECONDS || file.size > LARGEST_BYTES) return "The recording is too long for a waveform here; it plays without one.";
  let library;
  try {
    ({ default: library } = await import(LIBRARY));
  } catch {
    return "The waveform needs wavesurfer.js, which this service was built without; the sound plays without it.";
  }
  const nonce = document.querySelector("meta[name=style-nonce]")?.getAttribute("content") ?? "";
  const wave = library.create({ container, media: audio, cspNonce: nonce, ...LOOKS, ...colours() });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => wave.setOptions(colours());
  scheme.addEventListener("change", recolour);
  wave.on("error", () => {}); // what the browser cannot decode it may still play: the player tells
  const end = () => {
    scheme.removeEventListener("change", recolour);
    wave.destroy();
  };
  return { end };
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return { waveColor: colour("--wave"), progressColor: colour("--accent"), cursorColor: colour("--accent") };
}
