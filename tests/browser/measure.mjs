// How long it takes from dropping photos to the last one being published, in a browser:
//
//   scrubjay local up --gallery --enforce-iam
//   scrubjay local status --json > outputs.json
//   node tests/browser/measure.mjs outputs.json 1 20 200
//
// The photos are tests/samples/beach.jpg, each with a comment of its own.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const [outputsFile, ...counts] = process.argv.slice(2);
const outputs = JSON.parse(fs.readFileSync(outputsFile));
process.env.SCRUBJAY_WEB = JSON.stringify({
  pages: outputs.pagesUrl, api: outputs.apiUrl, endpoint: outputs.endpoint, chromium: process.env.SCRUBJAY_CHROMIUM ?? "/usr/bin/chromium",
  samples: path.resolve(new URL(".", import.meta.url).pathname, "../samples"), pictures: os.tmpdir(), users: {},
});
const { close, launch, sample, signIn, stack, visit } = await import("./stack.mjs");

await launch();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "scrubjay-measure-"));
const photo = fs.readFileSync(sample("beach.jpg"));
try {
  const page = await visit();
  await signIn(page, { email: outputs.galleryUser, password: outputs.galleryPassword }, { to: "#/upload" });
  for (const count of counts.map(Number)) {
    const files = Array.from({ length: count }, (_, n) => {
      const text = Buffer.from(`${Date.now()} ${n}`);
      const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]);
      const file = path.join(folder, `${count}-${n}.jpg`);
      fs.writeFileSync(file, Buffer.concat([photo.subarray(0, 2), comment, photo.subarray(2)]));
      return file;
    });
    await page.goto(`${stack.pages}/#/upload`);
    const begun = Date.now();
    await page.setInputFiles("#files", files);
    await page.waitForFunction((count) => {
      const rows = [...document.querySelectorAll(".upload")];
      return rows.length >= count && rows.every((row) => ["published", "refused", "failed", "cancelled"].includes(row.dataset.state));
    }, count, { timeout: 900_000, polling: 100 });
    const seconds = (Date.now() - begun) / 1000;
    const states = await page.$$eval(".upload", (rows) => rows.map((row) => row.dataset.state));
    const published = states.filter((state) => state === "published").length;
    console.log(`${count} photos: ${published} published, ${seconds.toFixed(1)} s, ${(seconds / count).toFixed(2)} s each`);
    await page.click("#clear");
    await page.waitForFunction(() => document.querySelectorAll(".upload").length === 0);
  }
} finally {
  await close();
  fs.rmSync(folder, { recursive: true });
}
