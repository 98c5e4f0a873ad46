// Upload: a place to drop photos, and the queue.

import { user } from "../lib/auth.js";
import { config } from "../lib/config.js";
import { bytes, fill, h, icon, number } from "../lib/dom.js";
import { picture } from "../lib/picture.js";
import { ENDS, Queue } from "../lib/queue.js";
import { chips } from "../lib/removed.js";

/** One queue for as long as the page lives: photos go on uploading while another page is shown. */
let queue;

const STATES = {
  looking: ["hourglass", "Looking at it"],
  waiting: ["hourglass", "Waiting"],
  sending: ["upload", "Uploading"],
  processing: ["shield-check", "Being cleaned"],
  published: ["circle-check", "Published"],
  refused: ["ban", "Refused"],
  failed: ["triangle-alert", "Failed"],
  cancelled: ["x", "Cancelled"],
};

export async function show({ main }) {
  if (!queue || queue.user !== user().sub) {
    queue = new Queue(user().sub);
    queue.restore();
  }
  const { maxBytes } = await config();
  const input = h("input", { type: "file", id: "files", class: "hidden", accept: "image/jpeg,.jpg,.jpeg", multiple: true });
  input.addEventListener("change", () => {
    queue.add([...input.files]);
    input.value = "";
  });
  const zone = h("label", { class: "drop", for: "files" },
    icon("images"),
    h("b", {}, "Drop photos or folders here"),
    h("span", {}, "or ", h("span", { class: "like-link" }, "choose files"), ` — JPEG, up to ${Math.floor(maxBytes / 1e6)} MB each, as many as you like`));

  const bar = h("progress", { max: "1", value: "0", "aria-label": "All photos" });
  const headline = h("p", { class: "headline", id: "headline", role: "status", "aria-live": "polite" });
  const actions = h("div", { class: "row end" });
  const summary = h("section", { class: "summary", "aria-label": "Progress", hidden: true }, h("div", { class: "row between" }, headline, actions), bar);
  const list = h("ul", { class: "uploads", id: "uploads", "aria-label": "Photos" });
  main.append(h("h1", {}, "Upload"), h("div", { class: "field-drop" }, input, zone), summary, list);

  const rows = new Map();
  const row = (upload) => {
    if (!rows.has(upload)) rows.set(upload, new Row(upload, queue));
    return rows.get(upload);
  };
  const totals = () => {
    const { counts, all, progress } = queue.totals();
    summary.hidden = all === 0;
    bar.value = progress;
    const open = all - ENDS.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
    const parts = [`${number(counts.published ?? 0)} of ${number(all)} published`];
    for (const state of ["refused", "failed", "cancelled"]) if (counts[state]) parts.push(`${number(counts[state])} ${state}`);
    if (open > 0) parts.push(`${number(open)} to go`);
    // A screen reader would never stop talking if this live region changed with every byte.
    const text = parts.join(" · ");
    if (headline.textContent !== text) headline.textContent = text;
    summary.classList.toggle("done", open === 0);
    const again = (counts.failed ?? 0) + (counts.cancelled ?? 0);
    const sendable = (counts.looking ?? 0) + (counts.waiting ?? 0) + (counts.sending ?? 0);
    const wanted = `${sendable > 0}${again > 0}${all > open}`;
    if (actions.dataset.shown === wanted) return;
    actions.dataset.shown = wanted;
    fill(actions,
      sendable > 0 && h("button", { class: "button", type: "button", id: "cancel-all", onclick: () => queue.cancel() }, icon("x"), "Cancel all"),
      again > 0 && h("button", { class: "button", type: "button", id: "retry-all", onclick: () => queue.retry() }, icon("rotate-ccw"), "Try failed again"),
      all > open && h("button", { class: "button", type: "button", id: "clear", onclick: () => queue.clear() }, "Clear finished"));
  };
  const render = () => {
    const wanted = queue.uploads;
    for (const [upload, shown] of rows) {
      if (wanted.includes(upload)) continue;
      shown.gone();
      rows.delete(upload);
    }
    // Newest first, as they were added.
    wanted.forEach((upload) => {
      const { element } = row(upload);
      if (element.parentNode !== list) list.append(element);
    });
    totals();
  };
  const changed = (event) => {
    if (event.detail) row(event.detail).update();
    else render();
    totals();
  };
  queue.addEventListener("change", changed);
  render();

  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", event.type !== "dragleave");
  };
  const dropped = async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.remove("over");
    queue.add(await filesOf(event.dataTransfer));
  };
  const pasted = (event) => event.clipboardData?.files.length && queue.add([...event.clipboardData.files]);
  const listeners = [["dragover", over], ["dragenter", over], ["dragleave", over], ["drop", dropped], ["paste", pasted]];
  for (const [name, run] of listeners) document.addEventListener(name, run);
  return () => {
    queue.removeEventListener("change", changed);
    for (const [name, run] of listeners) document.removeEventListener(name, run);
    for (const shown of rows.values()) shown.gone();
  };
}

/** The files of a drop, including those in dropped folders. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const files = [];
  const visit = async (entry) => {
    if (entry.isFile) {
      files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    // A directory reader returns its entries in portions; an empty one is the last.
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await visit(one);
    }
  };
  for (const entry of entries) await visit(entry);
  return files;
}

/** A photo of the queue, as a line of the list. */
class Row {
  constructor(upload, queue) {
    this.upload = upload;
    this.queue = queue;
    this.thumb = h("span", { class: "thumb" });
    this.state = h("p", { class: "state" });
    this.bar = h("progress", { max: "1", "aria-label": `${upload.name}, progress` });
    this.found = h("div", { class: "found" });
    this.actions = h("div", { class: "row end" });
    this.element = h("li", { class: "upload", "data-token": upload.token },
      this.thumb,
      h("div", { class: "what" },
        h("p", { class: "name" }, h("b", {}, upload.name), h("span", { class: "faint" }, ` ${bytes(upload.size)}`)),
        this.state, this.bar, this.found),
      this.actions);
    this.update();
  }

  update() {
    const { upload } = this;
    this.bar.value = upload.progress;
    if (this.shown === upload.state) return;
    this.shown = upload.state;
    const [symbol, words] = STATES[upload.state];
    this.element.dataset.state = upload.state;
    this.bar.hidden = upload.ended || upload.state === "looking";
    fill(this.state, icon(symbol), h("span", {}, words), upload.why && h("span", { class: "why" }, `: ${upload.why}`), upload.todo && h("span", { class: "todo" }, ` ${upload.todo}`));
    fill(this.found);
    if (upload.state === "published") {
      const taken = chips(upload.photo.removed ?? []);
      if (upload.photo.removed?.length) this.found.append(h("span", {}, "Taken out:"));
      this.found.append(taken);
    }
    this.preview();
    this.buttons();
  }

  /** The picture in the list: first the chosen file, then the published photo. */
  preview() {
    const { upload } = this;
    if (upload.state === "published") {
      this.release();
      fill(this.thumb, h("a", { href: `#/photo/${upload.id}`, "aria-label": `Open ${upload.name}` }, picture(upload.photo, 160)));
    } else if (upload.file && !this.address && upload.state !== "refused") {
      this.address = URL.createObjectURL(upload.file);
      const image = h("img", { alt: "", loading: "lazy", decoding: "async" });
      image.addEventListener("error", () => image.remove());
      image.src = this.address;
      fill(this.thumb, image);
    } else if (!this.address || upload.state === "refused") {
      this.release();
      fill(this.thumb, h("span", { class: "instead" }, icon(upload.state === "refused" ? "ban" : "image")));
    }
  }

  buttons() {
    const { upload, queue } = this;
    const button = (symbol, words, run) => h("button", { class: "button bare", type: "button", "aria-label": `${words}: ${upload.name}`, title: words, onclick: run }, icon(symbol));
    fill(this.actions,
      upload.state === "published" && h("a", { class: "button", href: `#/photo/${upload.id}` }, "Open"),
      ["failed", "cancelled"].includes(upload.state) && upload.todo !== null && button("rotate-ccw", "Try again", () => queue.retry(upload)),
      ["looking", "waiting", "sending"].includes(upload.state) && button("x", "Cancel", () => queue.cancel(upload)),
      upload.ended && button("x", "Take off the list", () => queue.clear(upload)));
  }

  release() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }

  gone() {
    this.release();
    this.element.remove();
  }
}
