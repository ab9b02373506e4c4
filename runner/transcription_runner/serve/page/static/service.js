/**
 * The service, as the page asks it: the only file that knows its addresses. Every address is relative, so that the page works below
 * the path of a proxy as well.
 *
 * @typedef {import("./types.js").Transcript} Transcript
 * @typedef {{
 *   model: string, compute_type: string, device: string, languages: string[], places: number, places_taken: number,
 *   streams: number, streams_open: number, most_bytes: number, longest_seconds: number,
 * }} ServiceState
 * @typedef {Record<string, string>} Parameters
 */

const KEY = "transcription-api-key";

/** What the service, or the way to it, answers instead of what was asked for. */
export class Refused extends Error {
  /**
   * @param {number} status 0: nothing came back
   * @param {string} message what is wrong and what to do
   * @param {{code?: string, position?: number, retryAfter?: number}} [more] `retryAfter` in seconds
   */
  constructor(status, message, { code = "", position, retryAfter } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.position = position;
    this.retryAfter = retryAfter;
  }
}

/** The API key, which this tab alone knows, until it is closed. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  /** @param {string} value */
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/**
 * @returns {Promise<ServiceState>}
 * @throws {Refused}
 */
export async function serviceState() {
  return (await asked("service", {})).json();
}

/**
 * @param {Transcript} transcript
 * @param {string} format json, tsv, txt, vtt, srt, karaoke
 * @returns {Promise<Blob>}
 * @throws {Refused}
 */
export async function written(transcript, format) {
  const headers = { "Content-Type": "application/json" };
  const { word_segments: _, ...rest } = transcript; // the service makes it of the segments
  return (await asked(`formats?format=${format}`, { method: "POST", headers, body: JSON.stringify(rest) })).blob();
}

/**
 * Send a file and wait for its transcript. By XMLHttpRequest: fetch does not tell how much of an upload is gone.
 *
 * @param {File} file
 * @param {Parameters} parameters
 * @param {{sent: (share: number) => void, signal: AbortSignal}} watch `sent` is told the share of the upload that is gone, 0 to 1
 * @returns {Promise<Transcript>}
 * @throws {Refused}
 */
export function transcribed(file, parameters, { sent, signal }) {
  const form = new FormData();
  form.append("file", file, file.name);
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    const abort = () => request.abort();
    request.open("POST", `transcribe?${new URLSearchParams(parameters)}`);
    for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => sent(total ? loaded / total : 1));
    request.upload.addEventListener("load", () => sent(1));
    request.addEventListener("load", () => {
      if (request.status !== 200) {
        reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
        return;
      }
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        reject(new Refused(200, "the answer is no transcript; is there a proxy in between?"));
      }
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    request.send(form);
  });
}

/**
 * A live stream of samples (docs/live.md). Its messages are Deepgram's.
 *
 * @param {{rate: number, language: string}} sound samples a second; an ISO code, or empty
 * @returns {WebSocket}
 * @throws {Refused} for a key that no browser can send
 */
export function liveStream({ rate, language }) {
  const parameters = new URLSearchParams({ encoding: "linear16", sample_rate: String(rate), interim_results: "true" });
  if (language) parameters.set("language", language);
  const address = new URL(`v1/listen?${parameters}`, document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  try {
    return new WebSocket(address, key.get() ? ["token", key.get()] : []);
  } catch {
    throw new Refused(401, "a browser can send no API key with such characters to a live stream");
  }
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function asked(path, options) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...options.headers, ...keyHeaders() } });
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

/** @returns {Record<string, string>} */
function keyHeaders() {
  return key.get() ? { Authorization: `Bearer ${key.get()}` } : {};
}

/**
 * @param {number} status
 * @param {string} body
 * @param {string | null} retryAfter
 */
function refusal(status, body, retryAfter) {
  const seconds = retryAfter === null ? undefined : Number(retryAfter) || undefined;
  try {
    const { message, code, position } = JSON.parse(body).error;
    return new Refused(status, String(message), { code: String(code), position, retryAfter: seconds });
  } catch {
    return new Refused(status, `the service, or a proxy before it, answered ${status}`, { retryAfter: seconds });
  }
}

function unreachable() {
  return new Refused(0, "the service cannot be reached; is it running, and is there a connection?");
}
