/**
 * What the page's modules speak of: the transcript JSON as the service writes it (crds/schemas/transcript.json has all of it).
 * Times are seconds from the start of the sound.
 *
 * @typedef {{word: string, start?: number, end?: number, score?: number, speaker?: string, estimated?: boolean}} Word
 * @typedef {{start: number, end: number, text: string, speaker?: string, avg_logprob?: number, chars?: unknown[], words: Word[]}} Segment
 * @typedef {{start: number, end: number}} Stretch
 * @typedef {Stretch & {reasons: string[], leftOut?: string}} Suspicion
 * @typedef {{durationSeconds: number, suspected?: Suspicion[], uncovered?: Stretch[]}} TranscriptionRecord
 * @typedef {{language: string, segments: Segment[], word_segments?: Word[], transcription: TranscriptionRecord}} Transcript
 */

export {};
