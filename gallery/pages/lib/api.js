// The API's calls. What it refuses arrives as a Problem with the words of its problem document (RFC 9457).

import { accessToken } from "./auth.js";
import { config } from "./config.js";

/** A call that was refused: `status`, and `title` and `detail` for people. */
export class Problem extends Error {
  constructor(status, document) {
    super(document?.detail ?? document?.title ?? document?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.type = document?.type ?? "about:blank";
  }
}

async function call(method, path, { body, signal } = {}, again = true) {
  const { api } = await config();
  const headers = { authorization: `Bearer ${await accessToken(!again)}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(api + path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The server cannot be reached. Are you online?" });
  }
  // The API refused the token, although this machine's clock says that it has not expired. Repeat the call once with a new token.
  if (answer.status === 401 && again) return call(method, path, { body, signal }, false);
  const text = await answer.text();
  const document = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}

function query(parameters) {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== "") set.append(name, one);
  }
  const text = set.toString();
  return text ? `?${text}` : "";
}

export const ping = () => call("GET", "/ping");
export const search = (parameters, signal) => call("GET", `/photos${query(parameters)}`, { signal });
export const announce = (photo, signal) => call("POST", "/photos", { body: photo, signal });
export const photo = (id, signal) => call("GET", `/photos/${id}`, { signal });
export const change = (id, changes) => call("PATCH", `/photos/${id}`, { body: changes });
export const remove = (id) => call("DELETE", `/photos/${id}`);
export const failures = (cursor) => call("GET", `/failures${query({ cursor })}`);
export const redrive = (id) => call("POST", `/failures/${id}/redrive`);
export const throughput = () => call("GET", "/throughput");
