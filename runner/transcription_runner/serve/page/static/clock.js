/** Times and sizes as people read them. Pure. */

/**
 * @param {number} seconds
 * @returns {string} `0:07`, `12:30`, `1:02:03`
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/**
 * @param {number} seconds
 * @returns {string} the same as words, for a screen reader: `1 minute 5 seconds`
 */
export function spokenTime(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const parts = [
    counted(Math.floor(whole / 3600), "hour"),
    counted(Math.floor((whole % 3600) / 60), "minute"),
    counted(whole % 60, "second"),
  ].filter(Boolean);
  return parts.join(" ") || "0 seconds";
}

/**
 * @param {number} bytes
 * @returns {string} `830 kB`, `12.4 MB`
 */
export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * @param {number} number
 * @param {string} name
 * @returns {string} empty for none
 */
function counted(number, name) {
  return number ? `${number} ${name}${number === 1 ? "" : "s"}` : "";
}
