/** Runs beside the page (AudioWorklet): the microphone's samples as 16-bit numbers, a tenth of a second at a time. */

class Capture extends AudioWorkletProcessor {
  #samples = new Int16Array(Math.round(sampleRate / 10));
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    for (const sample of inputs[0]?.[0] ?? []) {
      this.#samples[this.#filled] = Math.max(-1, Math.min(1, sample)) * 32767;
      this.#filled += 1;
      if (this.#filled === this.#samples.length) {
        this.port.postMessage(this.#samples.slice());
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
