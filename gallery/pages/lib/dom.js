// Small helpers around the DOM. Text always becomes text nodes: there is no innerHTML anywhere in these pages.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element. `on…` properties become listeners, `class`, `data-…`, `aria-…` and the rest attributes; `true` is an empty
 * attribute; `false`, `null` and `undefined` are left out. Children are nodes, strings, numbers or (nested) lists of them.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

/** Appends children as `h` takes them. */
export function add(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

/** An icon of the sprite; decoration unless it has a label. */
export function icon(name, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `vendor/lucide.svg#${name}`);
  svg.append(use);
  return svg;
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return add(element, children);
}

/** Empties an element and fills it anew. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return add(parent, children);
}

/** Says something for a moment, also to screen readers. */
export function toast(text, kind = "info") {
  const icons = { info: "circle-check", error: "triangle-alert" };
  const note = h("div", { class: `toast ${kind}` }, icon(icons[kind] ?? "circle-check"), h("span", {}, text));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "error" ? 9000 : 4500);
}

/** Asks before something that cannot be undone; resolves to true or false. */
export function confirm({ title, text, action, danger = false }) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h("form", { method: "dialog" },
        h("h2", { id: "dialog-title" }, title),
        h("p", {}, text),
        h("div", { class: "row end" },
          h("button", { value: "no", class: "button", autofocus: true }, "Cancel"),
          h("button", { value: "yes", class: danger ? "button danger" : "button primary" }, action))),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Returns a function that calls `run` once it has not been called for `milliseconds`. */
export function quiet(milliseconds, run) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), milliseconds);
  };
}

const NUMBER = new Intl.NumberFormat("en");
/** 1234 as 1,234. */
export const number = (value) => NUMBER.format(value);

/** Bytes in the unit that people read: 532 bytes, 14 kB, 3.2 MB. */
export function bytes(value) {
  if (value < 1000) return `${value} ${value === 1 ? "byte" : "bytes"}`;
  const units = ["kB", "MB", "GB", "TB"];
  let at = -1;
  do {
    value /= 1000;
    at += 1;
  } while (value >= 999.5 && at < units.length - 1);
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

const WHEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
/** A time as people read it, with the exact one for machines. */
export function time(stamp) {
  const at = new Date(stamp);
  return Number.isNaN(at.getTime()) ? String(stamp ?? "") : h("time", { datetime: stamp, title: stamp }, WHEN.format(at));
}

/** "3 minutes", for a time that has passed. */
export function since(stamp, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(stamp).getTime()) / 1000));
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}

/** Copies text and says so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied.`);
  } catch {
    toast(`The browser did not allow copying. ${what}: ${text}`, "error");
  }
}
