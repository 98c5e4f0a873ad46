// The lightbox: PhotoSwipe with download, link and details. Arrow keys, Escape, pinch and wheel are PhotoSwipe's own.

import PhotoSwipe from "../vendor/photoswipe.esm.min.js";
import { photo as details } from "./api.js";
import { copy, toast } from "./dom.js";
import { derivative, words } from "./picture.js";

let styled = false;
function style() {
  if (styled) return;
  styled = true;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = "vendor/photoswipe.css";
  document.head.append(link);
}

/** The address of the page that shows a photo to everybody who may see it. */
export const linkTo = (photo) => new URL(`./#/photo/${photo.id}`, location.href).href;

/** Starts the download of the clean photo in its full size. */
export async function download(photo) {
  const { download: address } = await details(photo.id);
  if (!address) return toast("There is nothing to download yet.", "error");
  const link = document.createElement("a");
  link.href = address;
  link.rel = "noopener";
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * An icon of the sprite for PhotoSwipe, which expects the inside of an SVG as text. The text is constant, so it cannot inject
 * anything.
 */
const sign = (name) => `<svg class="icon pswp-icon" aria-hidden="true"><use href="vendor/lucide.svg#${name}"></use></svg>`;

/** Opens `photos[at]`; `more` loads further ones when the end comes near. */
export function lightbox(photos, at, { more } = {}) {
  style();
  const shown = photos.map((photo, index) => ({ photo, index })).filter(({ photo }) => photo.derivatives.length > 0);
  const slide = ({ photo }) => {
    const large = derivative(photo, 1600);
    const small = derivative(photo, 320);
    return { src: large.url, width: large.width, height: large.height, msrc: small.url, alt: words(photo), photo };
  };
  const slides = shown.map(slide);
  const pswp = new PhotoSwipe({
    dataSource: slides,
    index: Math.max(0, shown.findIndex(({ index }) => index === at)),
    bgOpacity: 0.94,
    loop: false,
    returnFocus: true,
    trapFocus: true,
    padding: { top: 48, bottom: 48, left: 0, right: 0 },
  });
  const current = () => pswp.currSlide.data.photo;
  pswp.on("uiRegister", () => {
    const button = (name, order, symbol, title, run) => pswp.ui.registerElement({
      name, order, isButton: true, tagName: "button", title, ariaLabel: title, html: sign(symbol), onClick: run,
    });
    button("details", 7, "circle-help", "Details", () => {
      const photo = current();
      pswp.close();
      location.hash = `#/photo/${photo.id}`;
    });
    button("copy-link", 8, "link", "Copy link", () => copy(linkTo(current()), "The link"));
    button("download", 9, "download", "Download", () => download(current()).catch((error) => toast(error.message, "error")));
    pswp.ui.registerElement({
      name: "caption", order: 10, appendTo: "root",
      onInit: (element) => pswp.on("change", () => (element.textContent = current().title || current().name)),
    });
  });
  pswp.on("keydown", ({ originalEvent }) => {
    if (originalEvent.ctrlKey || originalEvent.metaKey || originalEvent.altKey) return;
    if (originalEvent.key === "d") download(current()).catch((error) => toast(error.message, "error"));
    if (originalEvent.key === "c") copy(linkTo(current()), "The link");
    if (originalEvent.key === "i") {
      const photo = current();
      pswp.close();
      location.hash = `#/photo/${photo.id}`;
    }
  });
  pswp.on("change", () => {
    if (!more || pswp.currIndex < slides.length - 4) return;
    more().then(() => {
      const known = new Set(slides.map((one) => one.photo.id));
      for (const photo of photos) if (photo.derivatives.length > 0 && !known.has(photo.id)) slides.push(slide({ photo }));
    });
  });
  pswp.init();
  pswp.element.setAttribute("aria-label", "Photos, enlarged");
  return pswp;
}
