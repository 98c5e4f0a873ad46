// The gallery's pages in a real browser, against the emulated stack with IAM enforced. Run by `cargo test -p scrubjay-tests --test
// gallery_web`, which starts the stack and adds the users.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { accessible, call, close, emulator, fillSignIn, fits, launch, picture, sample, signIn, stack, until, upload, visit } from "./stack.mjs";

const { uploader, viewer, operator } = stack.users;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "scrubjay-browser-"));

function file(name, bytes) {
  const at = path.join(folder, name);
  fs.writeFileSync(at, bytes);
  return at;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]);
/** A JPEG whose end is missing: the page accepts it, the pipeline refuses it. */
const broken = () => {
  const whole = fs.readFileSync(sample("beach.jpg"));
  return whole.subarray(0, Math.floor(whole.length * 0.6));
};

before(launch);
after(async () => {
  await close();
  fs.rmSync(folder, { recursive: true });
});

describe("signing in", () => {
  test("a wrong password is refused, the right one is taken, and signing out ends it", async () => {
    const page = await visit();
    await page.goto(stack.pages);
    await accessible(page, "start");
    await page.click("#sign-in");
    await fillSignIn(page, uploader.email, "Wrong-Password-1");
    await page.waitForSelector("input[name=password]");
    assert.ok(!page.url().startsWith(stack.pages), "a wrong password leads nowhere");
    page.forgive();
    await fillSignIn(page, uploader.email, uploader.password);
    await page.waitForSelector("#sign-out");
    assert.ok(!page.url().includes("code="), "the code does not stay in the address");
    await page.click("#sign-out");
    await page.waitForSelector("#sign-in");
    assert.equal(await page.evaluate(() => sessionStorage.getItem("tokens")), null);
    page.quiet();
    await page.context().close();
  });

  test("a token that has ended is renewed without a word; a session that has ended says so", async () => {
    const page = await visit();
    await signIn(page, uploader);
    const spoil = (refresh) => page.evaluate((refresh) => {
      const tokens = JSON.parse(sessionStorage.getItem("tokens"));
      sessionStorage.setItem("tokens", JSON.stringify({ ...tokens, access: `${tokens.access.slice(0, -8)}AAAAAAAA`, expires: 1, ...(refresh ? { refresh } : {}) }));
    }, refresh);
    await spoil();
    await page.goto(`${stack.pages}/#/photos`);
    await page.reload();
    await page.waitForSelector("#count:not(:empty)");
    page.quiet();
    await spoil("not-a-refresh-token");
    await page.reload();
    await page.waitForSelector("[role=alert]");
    assert.match(await page.textContent("[role=alert]"), /session has ended/);
    await page.context().close();
  });
});

describe("uploading", () => {
  test("the samples come through to the end; what is no JPEG stays here, what is broken says why", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/upload" });
    const names = ["beach.jpg", "colour-profile.jpg", "print-cmyk.jpg", "portrait.JPG", "holiday"];
    const files = names.filter((name) => /jpe?g$/i.test(name)).map(sample);
    const posts = [];
    page.on("request", (request) => request.method() === "POST" && request.url().endsWith("-source") && posts.push(request.url()));
    await upload(page, [...files, file("diagram.jpg", PNG), file("broken.jpg", broken())]);
    const states = await page.$$eval(".upload", (rows) => Object.fromEntries(rows.map((row) => [row.querySelector("b").textContent, row.dataset.state])));
    for (const name of ["beach.jpg", "colour-profile.jpg", "print-cmyk.jpg", "portrait.JPG"]) assert.equal(states[name], "published", name);
    assert.equal(states["diagram.jpg"], "refused");
    assert.equal(states["broken.jpg"], "refused");
    assert.equal(posts.length, files.length + 1, "what is no JPEG by its first bytes is not sent");

    const row = (name) => page.locator(".upload", { has: page.locator("b", { hasText: name }) });
    assert.match(await row("diagram.jpg").textContent(), /PNG picture, not a JPEG.*Export it as a JPEG/);
    assert.match(await row("broken.jpg").textContent(), /damaged or not all there.*export it again/);
    const groups = await row("beach.jpg").locator(".chip").evaluateAll((chips) => chips.map((chip) => chip.dataset.group));
    for (const group of ["camera", "time"]) assert.ok(groups.includes(group), `${group} in ${groups}`);
    await page.waitForFunction(() => [...document.querySelectorAll(".upload[data-state=published] img")].some((image) => image.naturalWidth > 0));
    assert.match(await page.textContent("#headline"), /4 of 6 published · 2 refused/);
    await accessible(page, "upload");
    await picture(page, "upload");
    page.quiet();

    // A reload loses nothing.
    await page.reload();
    await page.waitForSelector(".upload");
    assert.equal(await page.locator(".upload").count(), 6);
    assert.match(await row("broken.jpg").textContent(), /damaged/);
    await page.click("#clear");
    await page.waitForFunction(() => document.querySelectorAll(".upload").length === 0);
    page.quiet();
    await page.context().close();
  });

  test("an upload that was interrupted goes on after a reload, and can be cancelled", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/upload" });
    // The storage does not answer for a while.
    await page.route(`${stack.endpoint}/*-source`, (route) => (route.request().method() === "POST" ? new Promise(() => {}) : route.continue()));
    await page.setInputFiles("#files", [1, 2, 3, 4, 5, 6].map((n) => file(`slow-${n}.jpg`, fs.readFileSync(sample("beach.jpg")))));
    // When the fourth photo is being sent, the last may not have been checked yet.
    await page.waitForFunction(() => document.querySelectorAll(".upload[data-state=waiting]").length === 2);
    await page.waitForFunction(() => document.querySelectorAll(".upload[data-state=sending]").length === 4);
    assert.equal(await page.locator(".upload[data-state=waiting]").count(), 2, "four at a time");
    await page.locator(".upload[data-state=waiting] button").first().click();
    await page.waitForSelector(".upload[data-state=cancelled]");
    await page.unroute(`${stack.endpoint}/*-source`);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll(".upload[data-state=published]").length === 5, null, { timeout: 90_000 });
    assert.equal(await page.locator(".upload[data-state=cancelled]").count(), 1);
    await page.click("#retry-all");
    await page.waitForFunction(() => document.querySelectorAll(".upload[data-state=published]").length === 6, null, { timeout: 60_000 });
    await page.context().close();
  });
});

describe("searching", () => {
  test("words, tags and dates find photos; the lightbox obeys the keyboard", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/photos" });
    await page.waitForSelector(".tile");
    const policy = (await page.request.get(stack.pages)).headers()["content-security-policy"];
    assert.ok(policy.includes("script-src 'self'") && !policy.includes("unsafe"), policy);
    await accessible(page, "photos");
    await picture(page, "photos");

    await page.fill("#q", "portrait");
    await page.waitForFunction(() => /^1 photo/.test(document.querySelector("#count").textContent));
    await page.fill("#q", "");
    await page.waitForFunction(() => parseInt(document.querySelector("#count").textContent) > 4);
    await page.fill("input[name=from]", "2001-01-01");
    await page.fill("input[name=to]", "2001-12-31");
    await page.waitForSelector(".empty");
    await page.click(".empty .button");
    await page.waitForSelector(".tile");

    // With the keyboard only: to the search, to the grid, into a photo and back.
    await page.keyboard.press("Escape");
    await page.focus("body");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    await page.locator(".tile").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".pswp--open");
    await accessible(page, "lightbox");
    await picture(page, "lightbox");
    await page.keyboard.press("c");
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /#\/photo\/[0-9a-f]{32}$/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector(".pswp"));
    page.quiet();
    await page.context().close();
  });

  test("texts are shown as text, and found", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/photos?q=portrait" });
    await page.waitForSelector(".tile");
    const id = (await page.getAttribute(".tile", "href")).split("/").at(-1);
    await page.goto(`${stack.pages}/#/photo/${id}`);
    await page.click("#edit");
    const nasty = `<img src=x onerror="window.hacked=1"> & zanzibar`;
    await page.fill("[name=title]", nasty);
    await page.fill("[name=alt]", `"><script>window.hacked=1</script>`);
    await page.fill("[name=tags]", "low tide, <b>bold</b>");
    await accessible(page, "edit");
    await page.click("button.primary");
    await page.waitForFunction((text) => document.querySelector(".side h1")?.textContent === text, nasty);
    await accessible(page, "photo");
    await picture(page, "photo");
    await page.goto(`${stack.pages}/#/photos?q=zanzibar`);
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 1);
    await page.goto(`${stack.pages}/#/photos?tag=low+tide`);
    await page.waitForFunction(() => document.querySelectorAll(".tile").length === 1);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    page.quiet();
    await page.context().close();
  });

  test("what is deleted disappears everywhere", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/upload" });
    await upload(page, [file("goodbye-unique.jpg", fs.readFileSync(sample("colour-profile.jpg")))]);
    await page.click(".upload a.button");
    await page.waitForSelector("#delete");
    const id = page.url().split("/").at(-1);
    const { body: photo } = await call(page, "GET", `/photos/${id}`);
    const address = photo.derivatives[0].url;
    assert.equal((await page.request.get(address)).status(), 200);
    await page.click("#delete");
    await page.click("dialog .danger");
    await page.waitForFunction(() => location.hash.startsWith("#/photos"));
    await until("the derivative to go", async () => (await page.request.get(address)).status() !== 200);
    await until("the search to forget it", async () => (await call(page, "GET", "/photos?q=goodbye")).body.photos.length === 0);
    const gone = await call(page, "GET", `/photos/${id}`);
    assert.ok(gone.status === 404 || gone.body.state === "retracted", JSON.stringify(gone));
    assert.notEqual((await page.request.get(photo.download)).status(), 200);
    await page.context().close();
  });
});

describe("who may what", () => {
  test("a viewer sees what is published and can do no more", async () => {
    const page = await visit();
    await signIn(page, viewer);
    await page.waitForSelector(".tile");
    assert.equal(await page.locator("a[href='#/upload']").count(), 0);
    await page.goto(`${stack.pages}/#/upload`);
    await page.waitForSelector("text=Upload is not for you");
    await page.goto(`${stack.pages}/#/operations`);
    await page.waitForSelector("text=Operations is not for you");
    page.quiet();
    const { body } = await call(page, "GET", "/photos?limit=1");
    const id = body.photos[0].id;
    for (const [method, route, sent] of [
      ["POST", "/photos", { name: "a.jpg", size: 1, type: "image/jpeg" }], ["PATCH", `/photos/${id}`, { title: "mine" }],
      ["DELETE", `/photos/${id}`], ["GET", "/failures"], ["POST", "/failures/x/redrive"], ["GET", "/throughput"],
    ]) {
      const answer = await call(page, method, route, sent);
      assert.equal(answer.status, 403, `${method} ${route}`);
      assert.equal(answer.body.type, "urn:scrubjay:problem:forbidden");
    }
    const seen = await call(page, "GET", `/photos/${id}`);
    assert.equal(seen.body.removed, undefined, "what was in an original is its uploader's business");
    await page.goto(`${stack.pages}/#/photo/${id}`);
    await page.waitForSelector("#state");
    assert.equal(await page.locator("#delete").count(), 0);
    await page.context().close();
  });

  test("an unsigned address of a derivative gets nothing", async () => {
    const page = await visit();
    await signIn(page, viewer);
    const { body } = await call(page, "GET", "/photos?limit=1");
    const address = body.photos[0].derivatives[0].url;
    assert.equal((await page.request.get(address)).status(), 200);
    for (const wrong of [address.split("?")[0], address.replace(/Signature=[^&]{4}/, "Signature=AAAA"), address.replace(/Expires=\d+/, "Expires=4000000000"), address.replace("/320/", "/1600/")]) {
      assert.equal((await page.request.get(wrong)).status(), 403, wrong);
    }
    await page.context().close();
  });
});

describe("operating", () => {
  test("a failure is listed with its error and state, and goes away by a redrive", async () => {
    const page = await visit();
    await signIn(page, operator, { to: "#/upload" });
    await emulator("POST", "faults", { kind: "task", times: 1, match: { function: "-publish$" }, action: { error: "Boom", cause: "ordered by a test" } });
    await page.setInputFiles("#files", [file("fails-once.jpg", fs.readFileSync(sample("beach.jpg")))]);
    await page.waitForSelector(".upload[data-state=failed]", { timeout: 60_000 });
    await page.goto(`${stack.pages}/#/operations`);
    await page.waitForSelector(".failures tbody tr");
    const row = await page.textContent(".failures tbody tr");
    assert.match(row, /Boom/);
    assert.match(row, /Publish/);
    await accessible(page, "operations");
    await picture(page, "operations");
    await page.click(".failures tbody button");
    await page.waitForFunction(() => document.querySelectorAll(".failures tbody tr").length === 0);
    await until("the photo to be published", async () => (await call(page, "GET", "/photos?q=fails")).body.photos.length === 1);
    await page.goto(`${stack.pages}/#/operations`);
    await page.waitForSelector("text=Nothing stands failed");
    page.quiet();
    await page.context().close();
  });

  test("all failures are replayed at once, after a question", async () => {
    const page = await visit();
    await signIn(page, operator, { to: "#/upload" });
    await emulator("POST", "faults", { kind: "task", times: 3, match: { function: "-publish$" }, action: { error: "Boom", cause: "ordered by a test" } });
    await page.setInputFiles("#files", [1, 2, 3].map((n) => file(`fails-too-${n}.jpg`, fs.readFileSync(sample("beach.jpg")))));
    await page.waitForFunction(() => document.querySelectorAll(".upload[data-state=failed]").length === 3, null, { timeout: 60_000 });
    await page.goto(`${stack.pages}/#/operations`);
    await page.waitForFunction(() => document.querySelectorAll(".failures tbody tr").length === 3);
    await page.click("#redrive-all");
    assert.match(await page.textContent("dialog"), /Replay 3 uploads\?/);
    await page.click("dialog .button:not(.primary, .danger)");
    assert.equal(await page.locator(".failures tbody tr").count(), 3, "who says no replays nothing");
    await page.click("#redrive-all");
    await page.click("dialog .primary, dialog .danger");
    await until("the photos to be published", async () => (await call(page, "GET", "/photos?q=too")).body.photos.length === 3);
    await page.reload();
    await page.waitForSelector("text=Nothing stands failed");
    page.quiet();
    await page.context().close();
  });
});

describe("every page", () => {
  for (const [width, height, theme] of [[1280, 860, "light"], [1280, 860, "dark"], [360, 740, "light"], [360, 740, "dark"]]) {
    test(`looks right at ${width} pixels, ${theme}`, async () => {
      const page = await visit({ width, height, theme, touch: width < 500 });
      const name = (what) => `${what}-${width}-${theme}`;
      await page.goto(stack.pages);
      await page.waitForSelector("#sign-in");
      await fits(page, name("start"));
      await picture(page, name("start"));
      await signIn(page, operator, { to: "#/photos" });
      await page.waitForSelector(".picture.loaded");
      const id = (await page.getAttribute(".tile", "href")).split("/").at(-1);
      for (const [what, hash, wait] of [
        ["photos", "#/photos", ".picture.loaded"], ["upload", "#/upload", ".drop"], ["photo", `#/photo/${id}`, "#state"],
        ["operations", "#/operations", ".bars"], ["nothing", "#/photos?q=nothingatall", ".empty"],
      ]) {
        await page.goto(`${stack.pages}/${hash}`);
        await page.waitForSelector(wait);
        await fits(page, name(what));
        await accessible(page, name(what));
        await picture(page, name(what));
      }
      page.quiet();
      await page.context().close();
    });
  }

  test("little is transferred before the first picture", async () => {
    const page = await visit();
    await signIn(page, viewer, { to: "#/photos" });
    await page.waitForSelector(".picture.loaded");
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    let counting = false;
    let loader;
    const ours = new Set();
    // Responses to the page before the reload are not counted, and its pictures do not end the counting.
    session.on("Network.requestWillBeSent", (event) => {
      if (event.type === "Document") [bytes, counting, loader] = [0, true, event.loaderId];
      if (event.loaderId === loader) ours.add(event.requestId);
    });
    session.on("Network.loadingFinished", (event) => counting && ours.has(event.requestId) && (bytes += event.encodedDataLength));
    session.on("Network.responseReceived", (event) => {
      if (ours.has(event.requestId) && event.type === "Image" && event.response.mimeType === "image/jpeg") counting = false;
    });
    await page.reload();
    await page.waitForSelector(".picture.loaded");
    console.log(`# ${bytes} bytes before the first picture, uncompressed`);
    assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
    await page.context().close();
  });
});

// These tests come last, since the pages above shall show photos of more than one colour.
describe("uploading much, and without a mouse", () => {
  test("two hundred photos at once all come through", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/upload" });
    const photo = fs.readFileSync(sample("grey.jpe"));
    // Each file has a comment of its own, so that each is a different photo.
    const files = Array.from({ length: 200 }, (_, n) => {
      const text = Buffer.from(`many ${n}`);
      const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]);
      return file(`many-${n}.jpg`, Buffer.concat([photo.subarray(0, 2), comment, photo.subarray(2)]));
    });
    await page.setInputFiles("#files", files);
    let most = 0;
    await until("two hundred published photos", async () => {
      const states = await page.$$eval(".upload", (rows) => rows.map((row) => row.dataset.state));
      most = Math.max(most, states.filter((state) => state === "sending").length);
      return states.length === 200 && states.every((state) => state === "published");
    }, 300_000);
    assert.ok(most > 0 && most <= 4, `${most} were sent at the same time`);
    assert.match(await page.textContent("#headline"), /200 of 200 published/);
    await page.click("#clear");
    await page.waitForFunction(() => document.querySelectorAll(".upload").length === 0);
    page.quiet();
    await page.context().close();
  });

  test("a photo is chosen, followed and opened by keyboard alone", async () => {
    const page = await visit();
    await signIn(page, uploader, { to: "#/upload" });
    await page.waitForSelector(".drop");
    const focused = (selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);
    const tabTo = async (selector) => {
      for (let presses = 0; presses < 40 && !(await focused(selector)); presses += 1) await page.keyboard.press("Tab");
      assert.ok(await focused(selector), `Tab leads to ${selector}`);
    };
    await page.focus("body");
    await tabTo("#files");
    const asked = page.waitForEvent("filechooser");
    await page.keyboard.press("Space");
    await (await asked).setFiles([file("by-keyboard.jpg", fs.readFileSync(sample("beach.jpg")))]);
    await page.waitForSelector(".upload[data-state=published]", { timeout: 60_000 });
    await tabTo(".upload a.button");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#state");
    assert.match(page.url(), /#\/photo\/[0-9a-f]{32}$/);
    page.quiet();
    await page.context().close();
  });
});
