// What the tests share: the stack that the Rust test has started (SCRUBJAY_WEB says where it is), a browser, and pages whose
// errors are collected.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Addresses, users and folders, as tests/tests/gallery_web/browser.rs writes them. */
export const stack = JSON.parse(process.env.SCRUBJAY_WEB);
export const sample = (name) => path.join(stack.samples, name);

let browser;

export async function launch() {
  browser = await chromium.launch({
    executablePath: stack.chromium,
    // The browser sends nothing to other machines. It runs without its sandbox, because root cannot have one.
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export const close = () => browser?.close();

/** A fresh browser context with one page. Whatever the page complains about fails the test that calls `quiet`. */
export async function visit({ width = 1280, height = 860, theme = "light", touch = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, hasTouch: touch, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.quiet = (but = () => false) => assert.deepEqual(complaints.filter((one) => !but(one)), []);
  page.forgive = () => complaints.splice(0);
  return page;
}

/** Signs in through the user pool's own pages, as a person does. */
export async function signIn(page, user, { to = "" } = {}) {
  await page.goto(`${stack.pages}/${to}`);
  await page.click("#sign-in");
  await fillSignIn(page, user.email, user.password);
  await page.waitForSelector("#sign-out");
}

export async function fillSignIn(page, email, password) {
  await page.fill("input[name=username]", email);
  await page.fill("input[name=password]", password);
  await page.press("input[name=password]", "Enter");
}

/**
 * Runs axe-core and fails if it finds anything serious. The debugger evaluates it, because the page's policy allows no foreign
 * script.
 */
export async function accessible(page, where) {
  // Wait for animations: while something fades in, its contrast is lower than at the end.
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity));
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const run = `axe.run(document, {resultTypes: ["violations"]}).then((found) => JSON.stringify(found.violations.map((one) => ({
    impact: one.impact, id: one.id, where: one.nodes.slice(0, 3).map((node) => node.target.join(" "))}))))`;
  const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  await session.detach();
  const found = JSON.parse(result.value).filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(found, [], `${where}: axe finds something serious`);
}

/** Checks that nothing makes the page scroll sideways. */
export async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${where}: ${over} pixels stick out`);
}

/** Saves a screenshot of the page among the artefacts. */
export async function picture(page, name) {
  await page.waitForTimeout(300);
  await page.screenshot({ path: path.join(stack.pictures, `${name}.png`) });
}

/** Calls the emulator's own paths. */
export async function emulator(method, route, body) {
  const answer = await fetch(`${stack.endpoint}/_scrubjay/${route}`, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${route}: ${answer.status}`);
  return answer.json();
}

/** Asks until the answer is not false. */
export async function until(what, ask, patience = 60_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Uploads files on the upload page and waits until each has ended. */
export async function upload(page, files) {
  await page.goto(`${stack.pages}/#/upload`);
  await page.setInputFiles("#files", files);
  await page.waitForFunction(
    (count) => document.querySelectorAll(".upload").length >= count
      && [...document.querySelectorAll(".upload")].every((row) => ["published", "refused", "failed", "cancelled"].includes(row.dataset.state)),
    files.length, { timeout: 90_000 },
  );
}

/** Calls the API as the user who is signed in on this page. */
export function call(page, method, route, body) {
  return page.evaluate(async ([api, method, route, body]) => {
    const { access } = JSON.parse(sessionStorage.getItem("tokens"));
    const headers = { authorization: `Bearer ${access}`, ...(body ? { "content-type": "application/json" } : {}) };
    const answer = await fetch(api + route, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  }, [stack.api, method, route, body]);
}
