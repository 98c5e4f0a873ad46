// What was taken out of a photo: groups of kinds, each with an icon and words. Which kind belongs to which group is said by the
// API; a group that this page does not know yet is shown as "other".

import { h, icon, bytes } from "./dom.js";

/** The groups, those first that people care most about. */
const GROUPS = [
  ["place", "map-pin", "Place"],
  ["camera", "camera", "Camera"],
  ["time", "clock", "Time"],
  ["thumbnail", "scan-face", "Hidden thumbnail"],
  ["edits", "square-pen", "Edits and captions"],
  ["picture", "images", "Second picture"],
  ["film", "film", "Film"],
  ["comment", "message-square", "Comment"],
  ["origin", "badge-check", "Origin record"],
  ["other", "eye-off", "Other hidden data"],
];

/** The groups of `photo.removed`, as `[{group, icon, words, bytes}]`. */
export function groups(removed = []) {
  const found = new Map();
  for (const one of removed) {
    for (const group of one.groups) {
      const known = GROUPS.some(([name]) => name === group) ? group : "other";
      found.set(known, (found.get(known) ?? 0) + one.bytes);
    }
  }
  return GROUPS.filter(([name]) => found.has(name)).map(([group, symbol, words]) => ({
    group, icon: symbol, words, bytes: found.get(group),
  }));
}

/** The groups as a list of chips. */
export function chips(removed) {
  const shown = groups(removed);
  if (shown.length === 0) {
    return h("p", { class: "taken none" }, icon("shield-check"), " There was nothing private in it.");
  }
  return h("ul", { class: "taken", "aria-label": "Taken out" },
    shown.map((one) => h("li", { class: `chip taken-${one.group}`, "data-group": one.group }, icon(one.icon), one.words)));
}

/** Every kind with its bytes, for those who want to know exactly. */
export function table(removed) {
  return h("table", { class: "kinds" },
    h("caption", { class: "hidden" }, "What was taken out, kind by kind"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"), h("th", { scope: "col" }, "Kind"), h("th", { scope: "col", class: "right" }, "Size"))),
    h("tbody", {}, removed.map((one) => h("tr", {},
      h("td", {}, one.says), h("td", {}, h("code", {}, one.kind)), h("td", { class: "right" }, bytes(one.bytes))))));
}
