// The upload queue: takes files, refuses what is no JPEG before anything is sent, uploads four at a time, follows each photo
// until the pipeline is done with it, and remembers all of it over a reload.
//
//   waiting -> sending -> processing -> published | refused | failed
//   every state before the end -> cancelled; failed, cancelled -> waiting (retry)

import * as api from "./api.js";
import { config } from "./config.js";
import * as store from "./store.js";

/** Uploads at one time, and questions about photos at one time. */
const AT_ONCE = 4;
/** How often a photo is sent before it counts as failed; the wait between two attempts doubles each time. */
const ATTEMPTS = 4;
/** How long after its upload the API is first asked about a photo; the interval then grows. Milliseconds. */
const ASK_FIRST = 600;
const ASK_LAST = 5000;

/** Final states: none changes by itself. */
export const ENDS = ["published", "refused", "failed", "cancelled"];

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A photo of the queue. What is written to the store is `record()`. */
class Upload {
  constructor(fields) {
    Object.assign(this, { state: "waiting", sent: 0, attempts: 0, why: null, todo: null, id: null, photo: null }, fields);
    this.request = null;
    this.askAt = 0;
    this.askEvery = ASK_FIRST;
  }

  get ended() {
    return ENDS.includes(this.state);
  }

  /** Progress from 0 to 1. Sending counts for the first nine tenths. */
  get progress() {
    if (this.ended) return 1;
    if (this.state === "processing") return 0.92;
    return this.size ? (0.9 * this.sent) / this.size : 0;
  }

  record() {
    const { token, user, order, name, size, state, id, why, todo, photo, file } = this;
    return { token, user, order, name, size, state, id, why, todo, photo, file };
  }
}

/** Fires `change` (detail: the upload, or nothing for the list as a whole). */
export class Queue extends EventTarget {
  constructor(user) {
    super();
    this.user = user;
    this.uploads = [];
    this.sending = 0;
    this.asking = 0;
    this.order = 0;
  }

  /** Restores the queue of an earlier visit from the store. */
  async restore() {
    let records = [];
    try {
      records = await store.all(this.user);
    } catch {
      // In a private window there may be no store. The queue is then lost when the page is closed.
    }
    for (const record of records) {
      const upload = new Upload(record);
      if (upload.state === "sending") upload.state = "waiting";
      if (upload.state === "waiting" && !upload.file) {
        upload.state = "failed";
        upload.why = "The page was closed before this photo was sent, and the browser had no room to keep it.";
        upload.todo = "Choose the file again.";
      }
      this.uploads.push(upload);
      this.order = Math.max(this.order, upload.order + 1);
    }
    this.changed();
    this.pump();
  }

  /** Adds files, after checking each of them. */
  async add(files) {
    const { maxBytes } = await config();
    const added = [...files].map((file) => new Upload({
      token: crypto.randomUUID(), user: this.user, order: this.order++, name: file.name, size: file.size, file, state: "looking",
    }));
    this.uploads.push(...added);
    this.changed();
    for (const upload of added) {
      const refusal = await refuse(upload.file, maxBytes);
      if (upload.state !== "looking") continue;
      if (refusal) this.end(upload, "refused", refusal.why, refusal.todo);
      else this.become(upload, "waiting");
      this.pump();
    }
  }

  /** Queues failed and cancelled photos again: one, or all of them. */
  retry(only) {
    for (const upload of only ? [only] : this.uploads) {
      if (!["failed", "cancelled"].includes(upload.state)) continue;
      Object.assign(upload, { attempts: 0, sent: 0, why: null, todo: null, askEvery: ASK_FIRST });
      if (upload.file) this.become(upload, "waiting");
      else if (upload.id && upload.state === "failed" && upload.photo) this.become(upload, "processing");
      else this.end(upload, "failed", "The browser no longer has this file.", "Choose it again.");
    }
    this.pump();
  }

  /** Cancels uploads that have not ended: one, or all of them. An upload that was already sent is not undone. */
  cancel(only) {
    for (const upload of only ? [only] : this.uploads) {
      if (upload.ended || upload.state === "processing") continue;
      this.end(upload, "cancelled", "Cancelled.", null);
      upload.request?.abort();
    }
  }

  /** Takes what has ended off the list; the photos stay where they are. */
  clear(only) {
    const gone = (upload) => (only ? upload === only : upload.ended);
    for (const upload of this.uploads.filter(gone)) store.drop(upload.token).catch(() => {});
    this.uploads = this.uploads.filter((upload) => !gone(upload));
    this.changed();
  }

  /** How many are in each state, and how far all of them are. */
  totals() {
    const counts = {};
    let bytes = 0;
    let done = 0;
    for (const upload of this.uploads) {
      counts[upload.state] = (counts[upload.state] ?? 0) + 1;
      bytes += upload.size;
      done += upload.size * upload.progress;
    }
    return { counts, all: this.uploads.length, progress: bytes ? done / bytes : 1 };
  }

  // ------------------------------------------------------------------------------------------------ inside

  changed(upload) {
    this.dispatchEvent(new CustomEvent("change", { detail: upload }));
  }

  become(upload, state) {
    upload.state = state;
    if (state !== "looking") store.put(upload.record()).catch(() => {});
    this.changed(upload);
  }

  end(upload, state, why, todo) {
    Object.assign(upload, { why, todo });
    // A failed photo may be retried, so its file is kept. After any other end the file is no longer needed.
    if (state === "published" || state === "refused") upload.file = null;
    this.become(upload, state);
  }

  pump() {
    while (this.sending < AT_ONCE) {
      const next = this.uploads.find((upload) => upload.state === "waiting");
      if (!next) break;
      this.sending += 1;
      this.send(next).finally(() => {
        this.sending -= 1;
        this.pump();
      });
    }
    this.ask();
  }

  async send(upload) {
    this.become(upload, "sending");
    while (upload.state === "sending") {
      try {
        // The same token gives the same photo, however often it is announced. Each answer has a new form, which is valid for five
        // minutes.
        const { photo, upload: form } = await api.announce({
          clientToken: upload.token, name: upload.name, size: upload.size, type: "image/jpeg",
        });
        upload.id = photo.id;
        if (upload.state !== "sending") return;
        await post(form, upload, () => this.changed(upload));
        upload.file = null;
        upload.askAt = Date.now() + ASK_FIRST;
        this.become(upload, "processing");
        return;
      } catch (error) {
        if (upload.state !== "sending") return;
        upload.attempts += 1;
        upload.sent = 0;
        const hopeless = error.status >= 400 && error.status < 500 && error.status !== 429 && !error.again;
        if (hopeless || upload.attempts >= ATTEMPTS) {
          this.end(upload, "failed", error.message, "Try again.");
          return;
        }
        await wait(500 * 2 ** upload.attempts * (0.5 + Math.random()));
      }
    }
  }

  /** Asks the API about the photos that are due, and sets a timer for the next one. */
  ask() {
    clearTimeout(this.timer);
    const open = this.uploads.filter((upload) => upload.state === "processing" && !upload.asked);
    const now = Date.now();
    for (const upload of open.filter((one) => one.askAt <= now)) {
      if (this.asking >= AT_ONCE) return;
      this.asking += 1;
      upload.asked = true;
      this.follow(upload).finally(() => {
        upload.asked = false;
        this.asking -= 1;
        this.ask();
      });
    }
    const next = Math.min(...open.map((upload) => upload.askAt).filter((at) => at > now));
    if (Number.isFinite(next)) this.timer = setTimeout(() => this.ask(), Math.max(50, next - now));
  }

  async follow(upload) {
    try {
      const photo = await api.photo(upload.id);
      upload.photo = photo;
      if (photo.state === "published") this.end(upload, "published", null, null);
      else if (photo.state === "rejected") this.end(upload, "refused", photo.error?.says, photo.error?.todo);
      else if (photo.state === "failed") this.end(upload, "failed", photo.says, "Operators have been told; nothing is lost.");
      else if (photo.state === "superseded" || photo.state === "retracted") this.end(upload, "cancelled", photo.says, null);
      else this.changed(upload);
    } catch (error) {
      if (error.status === 404) this.end(upload, "cancelled", "The photo was deleted.", null);
      // Any other error is temporary: the photo is asked about again.
    }
    upload.askEvery = Math.min(ASK_LAST, upload.askEvery * 1.4);
    upload.askAt = Date.now() + upload.askEvery;
  }
}

/** Returns why a file cannot be uploaded, or null. */
async function refuse(file, maxBytes) {
  let head;
  try {
    head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  } catch {
    return { why: "The file cannot be read.", todo: "Was it moved or deleted? Choose it again." };
  }
  if (head.length === 0) return { why: "The file is empty.", todo: "Export the photo again." };
  if (!(head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff)) {
    const what = kind(head);
    return { why: `This is ${what}, not a JPEG. It was not uploaded.`, todo: "Export it as a JPEG and choose that file." };
  }
  if (file.size > maxBytes) {
    const most = Math.floor(maxBytes / 1e6);
    return { why: `The file is larger than ${most} MB. It was not uploaded.`, todo: "Export it smaller or with a lower quality." };
  }
  return null;
}

function kind(head) {
  const text = String.fromCharCode(...head);
  if (text.startsWith("\x89PNG")) return "a PNG picture";
  if (text.startsWith("GIF8")) return "a GIF picture";
  if (text.startsWith("RIFF") && text.slice(8) === "WEBP") return "a WebP picture";
  if (/^....ftyp(heic|heix|mif1|msf1)/s.test(text)) return "a HEIC picture";
  if (/^....ftypavif/s.test(text)) return "an AVIF picture";
  if (/^....ftyp/s.test(text)) return "a film";
  if (text.startsWith("%PDF")) return "a PDF document";
  if (text.startsWith("PK")) return "a ZIP archive";
  return "another kind of file";
}

/** Posts the form into bucket A. XMLHttpRequest is used, because `fetch` cannot report an upload's progress. */
function post(form, upload, progressed) {
  return new Promise((resolve, reject) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) data.append(name, value);
    // S3 requires the file to be the form's last field.
    data.append("file", upload.file);
    const request = new XMLHttpRequest();
    upload.request = request;
    request.upload.onprogress = (event) => {
      upload.sent = event.total ? (upload.size * event.loaded) / event.total : 0;
      progressed();
    };
    request.onload = () => (request.status < 300 ? resolve() : reject(refused(request)));
    request.onerror = () => reject(Object.assign(new Error("The connection was lost."), { status: 0 }));
    request.onabort = () => reject(Object.assign(new Error("Cancelled."), { status: 0 }));
    request.open("POST", form.url);
    request.send(data);
  }).finally(() => (upload.request = null));
}

/** Turns S3's answer into an error with words for people. `again` says that another attempt, with a new form, may succeed. */
function refused(request) {
  const code = new DOMParser().parseFromString(request.responseText, "application/xml").querySelector("Code")?.textContent;
  const words = {
    EntityTooLarge: "The file is too large.",
    EntityTooSmall: "The file is empty.",
    SlowDown: "The storage is busy.",
  };
  const message = words[code] ?? `The storage refused the photo (${code ?? `HTTP ${request.status}`}).`;
  return Object.assign(new Error(message), { status: request.status, again: code === "AccessDenied" || code === "SlowDown" });
}
