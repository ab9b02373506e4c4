/** The microphone: its samples as they come, and afterwards all of them as a recording. */

/** Samples a second that are asked of the browser: what speech recognition hears. */
const RATE = 16_000;
const WAV_HEADER = 44;

/** @typedef {{rate: number, stop: () => Promise<File | null>}} Open `stop` gives the recording, null for none */

/**
 * @param {(samples: Int16Array<ArrayBuffer>) => void} take a tenth of a second of it
 * @returns {Promise<Open>}
 * @throws {Error} what there is to tell: no microphone, or no permission
 */
export async function opened(take) {
  if (!navigator.mediaDevices) throw new Error("browsers give the microphone only to pages over HTTPS, or on localhost");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } }).catch((error) => {
    throw new Error(error.name === "NotAllowedError" ? "the microphone was not allowed for this page" : "there is no microphone");
  });
  const context = contextFor(stream);
  await context.audioWorklet.addModule(new URL("capture.js", import.meta.url));
  const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  /** @type {Int16Array<ArrayBuffer>[]} */
  const kept = [];
  capture.port.onmessage = ({ data }) => {
    kept.push(data);
    take(data);
  };
  const source = context.createMediaStreamSource(stream);
  source.connect(capture);
  const stop = async () => {
    source.disconnect();
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    return kept.length ? recording(kept, context.sampleRate) : null;
  };
  return { rate: context.sampleRate, stop };
}

/**
 * @param {MediaStream} stream
 * @returns {AudioContext}
 */
function contextFor(stream) {
  const context = new AudioContext({ sampleRate: RATE });
  try {
    context.createMediaStreamSource(stream); // some browsers resample no microphone
    return context;
  } catch {
    void context.close();
    return new AudioContext();
  }
}

/**
 * @param {Int16Array<ArrayBuffer>[]} samples
 * @param {number} rate samples a second
 * @returns {File} a plain WAV file
 */
export function recording(samples, rate) {
  const bytes = 2 * samples.reduce((sum, part) => sum + part.length, 0);
  const header = new DataView(new ArrayBuffer(WAV_HEADER));
  /**
   * @param {number} at
   * @param {string} text
   */
  const word = (at, text) => Array.from(text, (letter, index) => header.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  header.setUint32(4, WAV_HEADER - 8 + bytes, true);
  word(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, 2 * rate, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  word(36, "data");
  header.setUint32(40, bytes, true);
  const name = `microphone ${new Date().toTimeString().slice(0, 8).replaceAll(":", "-")}.wav`;
  return new File([header.buffer, ...samples], name, { type: "audio/wav" });
}
