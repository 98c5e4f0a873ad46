// Search: words as you type, labels and tags as chips, dates, and an endless grid.

import * as api from "../lib/api.js";
import { isIn } from "../lib/auth.js";
import { fill, h, icon, quiet } from "../lib/dom.js";
import { picture } from "../lib/picture.js";

/** Photos asked for at once. */
const PAGE = 48;
const MONTH = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });
const SOURCES = ["label", "tag"];

export async function show({ main, query, failed }) {
  const filter = {
    q: query.get("q") ?? "",
    label: query.getAll("label"),
    tag: query.getAll("tag"),
    from: query.get("from") ?? "",
    to: query.get("to") ?? "",
    state: query.get("state") ?? "",
  };
  const input = h("input", { type: "search", id: "q", name: "q", value: filter.q, placeholder: "Search words, labels, tags", autocomplete: "off", "aria-label": "Search" });
  const date = (name, label) => h("label", { class: "date" }, h("span", {}, label), h("input", { type: "date", name, value: filter[name] }));
  const state = h("select", { name: "state", "aria-label": "Which photos" },
    [["", "Published"], ["mine", "My uploads"], ["awaited", "Not published yet"]].map(([value, text]) =>
      h("option", { value, selected: value === filter.state }, text)));
  const chosen = h("div", { class: "chips", "aria-label": "Filters", role: "group" });
  const form = h("form", { class: "search", role: "search" },
    h("div", { class: "box" }, icon("search"), input),
    isIn("uploaders") && state, date("from", "From"), date("to", "To"));
  const count = h("p", { class: "faint", id: "count", role: "status", "aria-live": "polite" });
  const grid = h("div", { class: "grid", id: "grid" });
  const end = h("div", { class: "sentinel" });
  main.append(h("h1", { class: "hidden" }, "Photos"), form, chosen, count, grid, end);

  const photos = [];
  let cursor;
  let busy = null;
  let group = null;
  let month = null;

  /** The parameters of the API's call. */
  const parameters = () => {
    const { state: wanted, ...rest } = filter;
    return wanted === "mine" ? { ...rest, mine: "true" } : { ...rest, state: wanted };
  };

  const remember = () => {
    const set = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) for (const one of [value].flat()) if (one) set.append(name, one);
    const text = set.toString();
    history.replaceState(null, "", `#/photos${text ? `?${text}` : ""}`);
  };

  const chips = () => {
    fill(chosen, SOURCES.flatMap((source) => filter[source].map((value) =>
      h("button", { type: "button", class: "chip on", "aria-label": `Remove the filter ${value}`, onclick: () => toggle(source, value) },
        icon(source === "tag" ? "tag" : "badge-check"), value, icon("x")))));
    const seen = new Map();
    for (const photo of photos) {
      for (const [source, values] of [["label", photo.labels.map((one) => one.name)], ["tag", photo.tags]]) {
        for (const value of values) {
          if (filter[source].includes(value)) continue;
          const key = `${source}\n${value}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
      }
    }
    const most = [...seen].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 12);
    for (const [key] of most) {
      const [source, value] = key.split("\n");
      chosen.append(h("button", { type: "button", class: "chip", "aria-label": `Only ${source} ${value}`, onclick: () => toggle(source, value) },
        icon(source === "tag" ? "tag" : "badge-check"), value));
    }
  };

  const toggle = (source, value) => {
    filter[source] = filter[source].includes(value) ? filter[source].filter((one) => one !== value) : [...filter[source], value];
    restart();
  };

  const place = (photo) => {
    const name = MONTH.format(new Date(photo.createdAt));
    if (name !== month) {
      month = name;
      group = h("ul", { class: "tiles" });
      grid.append(h("h2", { class: "month" }, name), group);
    }
    const at = photos.push(photo) - 1;
    const ratio = photo.width && photo.height ? Math.min(3, Math.max(0.5, photo.width / photo.height)) : 1;
    const link = h("a", { href: `#/photo/${photo.id}`, class: "tile" },
      // The caption names the photo. The alternative text is used only if somebody has written one.
      picture(photo, 320, { eager: at < 8, alt: photo.alt ?? "" }),
      photo.state !== "published" && h("span", { class: `badge ${photo.state}` }, photo.says),
      h("span", { class: "caption" }, photo.title || photo.name));
    if (photo.state === "published" && photo.derivatives.length > 0) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        open(at);
      });
    }
    const item = h("li", {}, link);
    // All tiles of a row have the same height: each grows in proportion to its own ratio of width to height.
    item.style.setProperty("--ratio", ratio);
    group.append(item);
  };

  const open = async (at) => {
    const { lightbox } = await import("../lib/lightbox.js");
    lightbox(photos, at, { more: () => more().catch(() => {}) });
  };

  const more = () => {
    if (busy) return busy.promise;
    if (cursor === null) return Promise.resolve();
    const controller = new AbortController();
    end.classList.add("busy");
    const promise = api.search({ ...parameters(), limit: PAGE, cursor }, controller.signal).then((answer) => {
      if (busy?.controller !== controller) return;
      cursor = answer.next ?? null;
      for (const photo of answer.photos) place(photo);
      chips();
      tell();
    }).finally(() => {
      if (busy?.controller !== controller) return;
      busy = null;
      end.classList.remove("busy");
      // Load more if the end of the list can still be seen.
      if (cursor && end.getBoundingClientRect().top < innerHeight * 2) more().catch(failed);
    });
    busy = { promise, controller };
    return promise;
  };

  const tell = () => {
    const filtered = filter.q || filter.label.length || filter.tag.length || filter.from || filter.to || filter.state;
    count.textContent = photos.length === 0 ? "No photos." : `${photos.length}${cursor ? " or more" : ""} ${photos.length === 1 ? "photo" : "photos"}`;
    if (photos.length > 0) return;
    fill(grid, h("section", { class: "empty" }, icon(filtered ? "search" : "images"),
      h("h2", {}, filtered ? "Nothing matches" : "No photos yet"),
      h("p", {}, filtered ? "Try fewer words, or take a filter away." : "Photos appear here once they are published."),
      filtered
        ? h("a", { class: "button", href: "#/photos", onclick: clear }, "Clear the search")
        : isIn("uploaders") && h("a", { class: "button primary", href: "#/upload" }, icon("upload"), "Upload photos")));
  };

  const clear = (event) => {
    event.preventDefault();
    Object.assign(filter, { q: "", label: [], tag: [], from: "", to: "", state: "" });
    for (const field of form.elements) field.value = "";
    restart();
  };

  const restart = () => {
    busy?.controller.abort();
    busy = null;
    cursor = undefined;
    photos.length = 0;
    month = null;
    fill(grid);
    remember();
    chips();
    more().catch((error) => error.name !== "AbortError" && failed(error));
  };

  const typed = quiet(180, () => {
    filter.q = input.value.trim();
    restart();
  });
  input.addEventListener("input", typed);
  form.addEventListener("change", (event) => {
    if (event.target === input) return;
    filter[event.target.name] = event.target.value;
    restart();
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  const watcher = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && cursor) more().catch(failed);
  }, { rootMargin: "200% 0px" });
  watcher.observe(end);

  const keys = (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      input.focus();
      input.select();
      return;
    }
    const tile = event.target.closest?.(".tile");
    if (!tile || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    neighbour(grid, tile, event.key)?.focus();
  };
  document.addEventListener("keydown", keys);
  chips();
  await more();
  return () => {
    busy?.controller.abort();
    watcher.disconnect();
    document.removeEventListener("keydown", keys);
  };
}

/** The tile that an arrow key leads to: the next one, or the nearest in the row above or below. */
function neighbour(grid, tile, key) {
  const tiles = [...grid.querySelectorAll(".tile")];
  const at = tiles.indexOf(tile);
  if (key === "ArrowLeft") return tiles[at - 1];
  if (key === "ArrowRight") return tiles[at + 1];
  const from = tile.getBoundingClientRect();
  const middle = from.left + from.width / 2;
  const down = key === "ArrowDown";
  let best = null;
  let distance = Infinity;
  for (const other of tiles) {
    const box = other.getBoundingClientRect();
    const rows = down ? box.top - from.bottom : from.top - box.bottom;
    if (rows < -4) continue;
    const away = rows * 10 + Math.abs(box.left + box.width / 2 - middle);
    if (away < distance) {
      distance = away;
      best = other;
    }
  }
  return best;
}
