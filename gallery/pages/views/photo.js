// One photo: the picture, what became of it, what was taken out of it; edit, download, link, delete.

import * as api from "../lib/api.js";
import { bytes, confirm, copy, fill, h, icon, number, time, toast } from "../lib/dom.js";
import { download, lightbox, linkTo } from "../lib/lightbox.js";
import { picture } from "../lib/picture.js";
import { chips, table } from "../lib/removed.js";

/** While the pipeline works on a photo, it is asked about this often. Milliseconds. */
const EVERY = 1500;
const OPEN = ["awaited", "processing"];

export async function show({ main, rest: id, failed }) {
  let timer;
  let editing = false;
  const frame = h("div", { class: "frame" });
  const side = h("div", { class: "side" });

  const load = async () => {
    const photo = await api.photo(id);
    if (!editing) draw(photo);
    if (OPEN.includes(photo.state)) timer = setTimeout(() => load().catch(failed), EVERY);
  };

  const draw = (photo) => {
    document.title = `${photo.title || photo.name} · scrubjay`;
    const shown = photo.derivatives.length > 0;
    const view = picture(photo, 1600, { eager: true });
    fill(frame, shown
      ? h("button", { class: "enlarge", type: "button", "aria-label": `Enlarge ${photo.alt || photo.title || photo.name}`, onclick: () => lightbox([photo], 0) }, view)
      : view);
    fill(side,
      h("h1", {}, photo.title || photo.name),
      state(photo),
      h("div", { class: "row wrap" },
        photo.state === "published" && h("button", { class: "button", type: "button", id: "download", onclick: () => download(photo).catch((error) => toast(error.message, "error")) }, icon("download"), "Download"),
        h("button", { class: "button", type: "button", onclick: () => copy(linkTo(photo), "The link") }, icon("link"), "Copy link"),
        photo.mayEdit && h("button", { class: "button", type: "button", id: "edit", onclick: () => edit(photo) }, icon("square-pen"), "Edit"),
        photo.mayDelete && h("button", { class: "button danger", type: "button", id: "delete", onclick: () => remove(photo) }, icon("trash-2"), "Delete")),
      photo.alt && h("p", { class: "alt" }, photo.alt),
      (photo.tags.length > 0 || photo.labels.length > 0) && h("p", { class: "chips" },
        photo.tags.map((tag) => h("a", { class: "chip", href: `#/photos?tag=${encodeURIComponent(tag)}` }, icon("tag"), tag)),
        photo.labels.map(({ name }) => h("a", { class: "chip", href: `#/photos?label=${encodeURIComponent(name)}` }, icon("badge-check"), name))),
      photo.removed && section("Taken out", chips(photo.removed),
        photo.removed.length > 0 && h("details", {}, h("summary", {}, `Every kind, ${bytes(photo.removed.reduce((sum, one) => sum + one.bytes, 0))} in all`), table(photo.removed))),
      photo.kept?.length > 0 && section("Kept, since it is needed to show the picture", h("ul", { class: "plain" }, photo.kept.map((one) => h("li", {}, one.says)))),
      section("Facts", facts(photo)),
      photo.history?.length > 0 && section("What happened", h("ol", { class: "history" }, photo.history.map((one) =>
        h("li", { "data-status": one.status }, h("span", {}, one.says), h("span", { class: "faint" }, time(one.at)))))));
  };

  const edit = (photo) => {
    editing = true;
    const field = (name, label, hint, control) => h("label", { class: "field" }, h("span", {}, label), control, hint && h("small", { class: "faint" }, hint));
    const form = h("form", { class: "edit" },
      h("h1", {}, "Edit"),
      field("title", "Title", null, h("input", { name: "title", value: photo.title ?? "", maxlength: 200 })),
      field("alt", "Description for those who do not see it", "One or two sentences: who or what is in the picture?", h("textarea", { name: "alt", rows: 3, maxlength: 1000 }, photo.alt ?? "")),
      field("tags", "Tags", "Separated by commas.", h("input", { name: "tags", value: photo.tags.join(", ") })),
      h("p", { class: "error", role: "alert", id: "edit-error", hidden: true }),
      h("div", { class: "row end" },
        h("button", { class: "button", type: "button", onclick: () => stop(photo) }, "Cancel"),
        h("button", { class: "button primary" }, "Save")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = new FormData(form);
      const tags = said.get("tags").split(",").map((tag) => tag.trim()).filter(Boolean);
      try {
        stop(await api.change(id, { title: said.get("title").trim(), alt: said.get("alt").trim(), tags }));
        toast("Saved.");
      } catch (error) {
        const line = form.querySelector("#edit-error");
        line.hidden = false;
        line.textContent = error.message;
      }
    });
    fill(side, form);
    form.elements.title.focus();
  };

  const stop = (photo) => {
    editing = false;
    draw(photo);
    side.querySelector("#edit")?.focus();
  };

  const remove = async (photo) => {
    const sure = await confirm({
      title: "Delete this photo?",
      text: "It disappears from the gallery, from every search and from the website within moments.",
      action: "Delete", danger: true,
    });
    if (!sure) return;
    try {
      await api.remove(photo.id);
      toast("The photo is being deleted.");
      location.hash = "#/photos";
    } catch (error) {
      toast(error.message, "error");
    }
  };

  main.append(h("article", { class: "photo" }, frame, side));
  await load();
  return () => clearTimeout(timer);
}

function section(title, ...content) {
  return h("section", { class: "block" }, h("h2", {}, title), content);
}

function state(photo) {
  const symbols = { published: "circle-check", rejected: "ban", failed: "triangle-alert", awaited: "hourglass", processing: "shield-check", flagged: "eye-off" };
  return h("p", { class: `state big ${photo.state}`, id: "state", role: "status", "data-state": photo.state },
    icon(symbols[photo.state] ?? "circle-help"),
    h("span", {}, photo.says, photo.error && h("span", { class: "why" }, ` ${photo.error.says}`), photo.error?.todo && h("span", { class: "todo" }, ` ${photo.error.todo}`)));
}

function facts(photo) {
  const rows = [
    ["File", photo.name],
    ["Size", photo.width && `${number(photo.width)} × ${number(photo.height)} pixels`],
    ["Bytes", photo.bytes && bytes(photo.bytes)],
    ["Sizes for the web", photo.derivatives.length > 0 && photo.derivatives.map((one) => `${one.width} × ${one.height}`).join(", ")],
    ["The way up", photo.orientation?.says],
    ["Added", photo.createdAt && time(photo.createdAt)],
    ["Published", photo.publishedAt && time(photo.publishedAt)],
    ["Path", photo.key && h("code", {}, photo.key)],
  ];
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
