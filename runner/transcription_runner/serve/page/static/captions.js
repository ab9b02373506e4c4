/**
 * Live captions: the messages of `/v1/listen` as paragraphs of text that is certain, and what is not yet. Pure.
 *
 * @typedef {{segment: number, text: string}} Paragraph
 * @typedef {{certain: Paragraph[], provisional: Paragraph, faults: string[]}} Captions
 * @typedef {{
 *   type: string, is_final?: boolean, segment?: number, description?: string,
 *   channel?: {alternatives: {transcript: string}[]},
 * }} Message
 */

/** @type {Captions} */
export const SILENCE = { certain: [], provisional: { segment: -1, text: "" }, faults: [] };

/** Between these no space stands: Chinese, Japanese. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。！？]/u;

/**
 * @param {Captions} captions
 * @param {Message} message
 * @returns {Captions}
 */
export function heard(captions, message) {
  if (message.type === "Error") return { ...captions, faults: [...captions.faults, message.description ?? "an error"] };
  if (message.type !== "Results") return captions;
  const [text, segment] = [message.channel?.alternatives[0]?.transcript.trim() ?? "", message.segment ?? 0];
  if (!message.is_final) return { ...captions, provisional: { segment, text } };
  const certain = text ? told(captions.certain, segment, text) : captions.certain;
  return { ...captions, certain, provisional: { segment, text: "" } };
}

/**
 * @param {Captions} captions
 * @returns {string} all that is certain, a line for each paragraph
 */
export function asText(captions) {
  return captions.certain.map((paragraph) => `${paragraph.text}\n`).join("");
}

/**
 * @param {Paragraph[]} certain
 * @param {number} segment
 * @param {string} text
 * @returns {Paragraph[]}
 */
function told(certain, segment, text) {
  const last = certain.at(-1);
  if (last?.segment !== segment) return [...certain, { segment, text }];
  return [...certain.slice(0, -1), { segment, text: joined(last.text, text) }];
}

/**
 * @param {string} before
 * @param {string} after
 */
function joined(before, after) {
  return UNSPACED.test(before.slice(-1)) && UNSPACED.test(after.slice(0, 1)) ? before + after : `${before} ${after}`;
}
