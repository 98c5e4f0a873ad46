// Operations: what failed and its replay, and what went through in the last day.

import * as api from "../lib/api.js";
import { confirm, fill, h, icon, number, s, since, time, toast } from "../lib/dom.js";

/** How often the figures are fetched again. Milliseconds. */
const EVERY = 15_000;
const HOUR = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit" });
const SERIES = [["cleaned", "Published"], ["rejected", "Refused"], ["failed", "Failed"]];

export async function show({ main, failed }) {
  const figures = h("ul", { class: "figures" });
  const chart = h("div", { class: "chart" });
  const body = h("tbody", {});
  const note = h("p", { class: "faint", id: "failures-note", role: "status" });
  const all = h("button", { class: "button", type: "button", id: "redrive-all", onclick: () => redriveAll() }, icon("rotate-ccw"), "Replay all");
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Failures" },
    h("table", { class: "failures" },
      h("thead", {}, h("tr", {}, ["Photo", "Error", "State", "Since", ""].map((text) => h("th", { scope: "col" }, text || h("span", { class: "hidden" }, "Action"))))),
      body));
  main.append(
    h("div", { class: "row between" }, h("h1", {}, "Operations"),
      h("button", { class: "button", type: "button", onclick: () => load().catch(failed) }, icon("refresh-cw"), "Refresh")),
    figures,
    h("section", { class: "block" }, h("h2", {}, "The last 24 hours"), chart),
    h("section", { class: "block" }, h("div", { class: "row between" }, h("h2", {}, "Failures"), all), note, table));

  let shown = [];
  let timer;

  const load = async () => {
    clearTimeout(timer);
    const [counts, hours, list] = await Promise.all([api.ping(), api.throughput(), everyFailure()]);
    drawFigures(figures, counts, hours, list.failures.length, list.more);
    drawChart(chart, hours);
    shown = list.failures;
    drawFailures(list.more);
    timer = setTimeout(() => load().catch(failed), EVERY);
  };

  const drawFailures = (more) => {
    all.hidden = shown.length === 0;
    table.hidden = shown.length === 0;
    note.textContent = shown.length === 0
      ? "Nothing stands failed."
      : `${number(shown.length)}${more ? " or more" : ""} ${shown.length === 1 ? "upload stands" : "uploads stand"} failed. Repair the cause first; to replay twice does no harm.`;
    fill(body, shown.map((one) => {
      const button = h("button", { class: "button", type: "button", "aria-label": `Replay ${one.object}` }, icon("rotate-ccw"), "Replay");
      button.addEventListener("click", () => redrive(one, button));
      return h("tr", { "data-id": one.id },
        h("td", { "data-label": "Photo" }, h("code", { class: "cut", title: one.object }, one.key)),
        h("td", { "data-label": "Error" }, h("b", {}, one.error.name), h("br"), h("span", { class: "faint" }, one.error.message)),
        h("td", { "data-label": "State" }, one.error.state),
        h("td", { "data-label": "Since" }, h("span", { title: one.since }, since(one.since)), h("br"), h("span", { class: "faint" }, time(one.since))),
        h("td", {}, button));
    }));
  };

  const redrive = async (one, button) => {
    button.disabled = true;
    try {
      await api.redrive(one.id);
      toast(`${one.key} is under way again.`);
      shown = shown.filter((other) => other !== one);
      drawFailures(false);
    } catch (error) {
      button.disabled = false;
      toast(error.message, "error");
    }
  };

  const redriveAll = async () => {
    const count = shown.length;
    const sure = await confirm({
      title: `Replay ${number(count)} ${count === 1 ? "upload" : "uploads"}?`,
      text: "Each goes on from the state that failed. What fails again stands here again.",
      action: "Replay",
    });
    if (!sure) return;
    all.disabled = true;
    let refused = 0;
    const open = [...shown];
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let one = open.shift(); one; one = open.shift()) await api.redrive(one.id).catch(() => (refused += 1));
    }));
    all.disabled = false;
    toast(refused ? `${number(count - refused)} replayed, ${number(refused)} refused.` : `${number(count)} replayed.`, refused ? "error" : "info");
    await load();
  };

  await load();
  return () => clearTimeout(timer);
}

/** Fetches at most five pages of failures. Operators with more failures use the command line. */
async function everyFailure() {
  const failures = [];
  let cursor;
  for (let page = 0; page < 5; page += 1) {
    const answer = await api.failures(cursor);
    failures.push(...answer.failures);
    cursor = answer.next;
    if (!cursor) return { failures, more: false };
  }
  return { failures, more: true };
}

function drawFigures(list, counts, hours, failures, more) {
  const day = (name) => hours.hours.reduce((sum, hour) => sum + hour[name], 0);
  const total = SERIES.reduce((sum, [name]) => sum + day(name), 0);
  const figure = (symbol, value, words, kind = "") => h("li", { class: `figure ${kind}` }, icon(symbol), h("b", {}, value), h("span", {}, words));
  fill(list,
    figure("circle-check", number(day("cleaned")), "published in 24 hours"),
    figure("activity", (total / 24).toFixed(total < 240 ? 1 : 0), "uploads an hour"),
    figure("hourglass", number(counts.states.processing ?? 0), "in progress"),
    figure("ban", number(day("rejected")), "refused in 24 hours"),
    figure("triangle-alert", `${number(failures)}${more ? "+" : ""}`, "failed", failures > 0 ? "bad" : "good"));
}

/** Stacked bars, one per hour, and the same figures as a table for those who do not see them. */
function drawChart(box, { hours, complete }) {
  const width = 720;
  const height = 150;
  const top = Math.max(1, ...hours.map((hour) => SERIES.reduce((sum, [name]) => sum + hour[name], 0)));
  const step = width / hours.length;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height + 22}`, class: "bars", role: "img", "aria-label": `Uploads by hour; at most ${top} in one hour` });
  hours.forEach((hour, at) => {
    let y = height;
    for (const [name, words] of SERIES) {
      const size = (hour[name] / top) * (height - 8);
      if (size === 0) continue;
      y -= size;
      svg.append(s("rect", { x: at * step + 2, y, width: step - 4, height: size, rx: 2, class: `bar-${name}` },
        s("title", {}, `${HOUR.format(new Date(hour.hour))}: ${hour[name]} ${words.toLowerCase()}`)));
    }
    if (at % 6 === 0) svg.append(s("text", { x: at * step + 2, y: height + 17, class: "tick" }, HOUR.format(new Date(hour.hour))));
  });
  svg.append(s("line", { x1: 0, x2: width, y1: height, y2: height, class: "axis" }));
  fill(box, svg,
    h("ul", { class: "legend" }, SERIES.map(([name, words]) => h("li", {}, h("span", { class: `swatch bar-${name}` }), words))),
    !complete && h("p", { class: "faint" }, "There was more than could be counted here; the dashboard has all of it."),
    h("details", {}, h("summary", {}, "As a table"), h("table", { class: "kinds" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Hour"), SERIES.map(([, words]) => h("th", { scope: "col", class: "right" }, words)))),
      h("tbody", {}, hours.map((hour) => h("tr", {}, h("td", {}, HOUR.format(new Date(hour.hour))), SERIES.map(([name]) => h("td", { class: "right" }, number(hour[name])))))))));
}
