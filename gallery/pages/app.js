// The shell: who is signed in, which page is shown, the bar on top. Pages are loaded when they are first visited.

import * as auth from "./lib/auth.js";
import { add, fill, h, icon, toast } from "./lib/dom.js";

/** The pages: fragment of the address, title, icon, group that may see the page, module. */
const PAGES = [
  { path: "photos", title: "Photos", icon: "image", load: () => import("./views/search.js") },
  { path: "upload", title: "Upload", icon: "upload", group: "uploaders", load: () => import("./views/upload.js") },
  { path: "operations", title: "Operations", icon: "activity", group: "operators", load: () => import("./views/operations.js") },
  { path: "photo", title: "Photo", icon: "image", hidden: true, load: () => import("./views/photo.js") },
];

const main = document.getElementById("main");
const bar = document.getElementById("bar");
let leave = null;
let visit = 0;

/** Parses a fragment such as `#/photos?q=beach` into `{page, rest, query}`. */
function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return { page: PAGES.find((page) => page.path === name), name, rest: rest.join("/"), query: new URLSearchParams(query) };
}

function allowed(page) {
  return !page.group || auth.isIn(page.group);
}

function home() {
  return auth.isIn("uploaders") ? "#/upload" : "#/photos";
}

function theme() {
  const order = ["system", "light", "dark"];
  const symbols = { system: "monitor", light: "sun", dark: "moon" };
  const current = () => document.documentElement.dataset.theme ?? "system";
  const label = () => `Colours: ${current()}`;
  const button = h("button", { class: "button bare", type: "button", "aria-label": label(), title: label() }, icon(symbols[current()]));
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(current()) + 1) % order.length];
    if (next === "system") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    fill(button, icon(symbols[next]));
    button.setAttribute("aria-label", label());
    button.title = label();
  });
  return button;
}

function showBar(current) {
  const user = auth.user();
  const links = PAGES.filter((page) => !page.hidden && user && allowed(page)).map((page) =>
    h("a", { href: `#/${page.path}`, class: "tab", "aria-current": page === current ? "page" : null }, icon(page.icon), h("span", {}, page.title)));
  fill(bar,
    h("a", { href: user ? home() : "#/", class: "brand", "aria-label": "scrubjay, start" }, icon("bird"), h("span", {}, "scrubjay")),
    links.length > 0 && h("nav", { class: "tabs", "aria-label": "Pages" }, links),
    h("div", { class: "row end grow" },
      theme(),
      user && h("span", { class: "who", title: user.groups.join(", ") }, icon("user"), h("span", {}, user.email ?? "signed in")),
      user && h("button", { class: "button bare", type: "button", id: "sign-out", "aria-label": "Sign out", title: "Sign out", onclick: () => auth.signOut() }, icon("log-out"))));
}

function welcome(message) {
  document.title = "scrubjay";
  fill(main,
    h("section", { class: "welcome" },
      message && h("p", { class: "notice", role: "alert" }, icon("triangle-alert"), message),
      h("div", { class: "crest" }, icon("bird")),
      h("h1", {}, "Your photos, without what they give away"),
      h("p", { class: "lead" }, "Hand over your photos as they come from the camera. Place, camera, time and everything else that is hidden in the file is taken out before anybody sees them. Not one pixel changes."),
      h("button", { class: "button primary large", id: "sign-in", type: "button", onclick: () => auth.signIn(location.hash || "") }, icon("log-in"), "Sign in"),
      h("ul", { class: "promises" },
        h("li", {}, icon("shield-check"), h("span", {}, h("b", {}, "Nothing private passes."), " Each file is proved clean before it is published.")),
        h("li", {}, icon("image"), h("span", {}, h("b", {}, "Nothing visible changes."), " Pixels, colours and the way up stay as they are.")),
        h("li", {}, icon("history"), h("span", {}, h("b", {}, "Nothing is lost."), " You see what became of every photo, and why.")))));
}

/** What is shown in place of a page that could not be loaded. */
function broken(error) {
  fill(main,
    h("section", { class: "empty", role: "alert" },
      icon("triangle-alert"), h("h1", {}, error.status === 404 ? "There is nothing here" : "This did not work"),
      h("p", {}, error.message),
      h("div", { class: "row center" },
        h("button", { class: "button", type: "button", onclick: () => show() }, icon("refresh-cw"), "Try again"),
        h("a", { class: "button", href: "#/photos" }, "All photos"))));
}

async function show() {
  const mine = ++visit;
  leave?.();
  leave = null;
  if (!auth.user()) {
    showBar(null);
    return welcome();
  }
  const { page, rest, query } = address();
  if (!page) return location.replace(home());
  showBar(page);
  if (!allowed(page)) {
    document.title = `${page.title} · scrubjay`;
    fill(main, h("section", { class: "empty" }, icon("ban"), h("h1", {}, `${page.title} is not for you`),
      h("p", {}, `Your account does not belong to the group “${page.group}”. Ask whoever runs this gallery.`),
      h("a", { class: "button", href: "#/photos" }, "All photos")));
    return;
  }
  document.title = `${page.title} · scrubjay`;
  try {
    const view = await page.load();
    if (mine !== visit) return;
    const shown = await view.show({ main: fill(main), rest, query, failed });
    if (mine === visit) leave = shown ?? null;
    else shown?.();
  } catch (error) {
    if (mine === visit) failed(error);
  }
}

/** Shows an error for which a page has no better place. */
function failed(error) {
  if (error instanceof auth.SignedOut) {
    showBar(null);
    return welcome(error.message);
  }
  return broken(error);
}

let page = null;
addEventListener("hashchange", () => {
  show().then(() => {
    // A page is shown from its top with the focus on its heading, except if only the words of a search have changed.
    if (address().page !== page) main.focus({ preventScroll: true });
    page = address().page;
  });
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  toast(event.reason?.message ?? "Something went wrong.", "error");
});

try {
  await auth.completeSignIn();
  await show();
  page = address().page;
} catch (error) {
  showBar(null);
  welcome(`The sign-in did not work: ${error.message}`);
}
