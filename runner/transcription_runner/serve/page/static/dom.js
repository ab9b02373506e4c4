/** Elements. Whatever a stranger wrote gets into the page as text, here, and in no other way. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [what] attributes; `text`: what it says; `on…`: what it does
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, what = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(what)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = String(value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/**
 * @template {HTMLElement} T
 * @param {string} id of an element of index.html
 * @param {new (...arguments_: any[]) => T} kind
 * @returns {T}
 */
export function known(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id ${id}`);
  return found;
}

/**
 * Give somebody a file.
 *
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const address = URL.createObjectURL(content);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @returns {boolean} whether things should not move */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
