// A photo in a box of its own shape: the placeholder is there at once, the picture fades in over it, and nothing jumps.

import { thumbHashToRGBA } from "../vendor/thumbhash.js";
import { h, icon } from "./dom.js";

/** The smallest derivative that is at least `width` wide, or the largest there is. */
export function derivative(photo, width) {
  const sorted = [...(photo.derivatives ?? [])].sort((a, b) => a.width - b.width);
  return sorted.find((one) => one.width >= width) ?? sorted.at(-1) ?? null;
}

function placeholder(hash) {
  try {
    const { w, h: height, rgba } = thumbHashToRGBA(Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)));
    const canvas = h("canvas", { width: w, height, class: "thumbhash", "aria-hidden": "true" });
    canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(rgba), w, height), 0, 0);
    return canvas;
  } catch {
    return null;
  }
}

/** The alternative text of a photo. */
export const words = (photo) => photo.alt || photo.title || photo.name;

/** A box with the photo, or with a substitute while the photo is not published. */
export function picture(photo, width, { eager = false, alt = words(photo) } = {}) {
  const box = h("span", { class: "picture" });
  if (photo.width && photo.height) {
    box.style.aspectRatio = `${photo.width} / ${photo.height}`;
    box.style.setProperty("--shape", photo.width / photo.height);
  }
  if (photo.colours?.[0]) box.style.backgroundColor = photo.colours[0];
  const under = photo.thumbhash ? placeholder(photo.thumbhash) : null;
  if (under) box.append(under);
  const shown = derivative(photo, width);
  if (!shown) {
    const symbols = { awaited: "hourglass", processing: "hourglass", published: "image", rejected: "ban", failed: "triangle-alert", flagged: "eye-off" };
    box.append(h("span", { class: "instead" }, icon(symbols[photo.state] ?? "image")));
    return box;
  }
  const image = h("img", {
    alt, loading: eager ? "eager" : "lazy", decoding: "async", width: shown.width, height: shown.height,
    draggable: "false",
  });
  image.addEventListener("load", () => box.classList.add("loaded"), { once: true });
  image.addEventListener("error", () => box.classList.add("broken"), { once: true });
  image.src = shown.url;
  box.append(image);
  return box;
}
