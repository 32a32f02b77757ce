// Who answers whom: weights that can be changed, experiments, shadows, rollbacks.

import { ask, part } from "./api.js";
import { $, badge, button, confirmed, el, rows, setText, sync, toast, when } from "./dom.js";

let table = {};
let shadows = {};

export function showTraffic(traffic) {
  ({ table, shadows } = traffic);
  const models = Object.entries(traffic.status.models);
  sync($("traffic-list"), models, ([name]) => name, ([name]) => makeModel(name), (article, [, status]) => update(article, status));
  setText($("traffic-note"), models.length ? "" : "No rules: the latest version of every model answers.");
  const events = traffic.status.rollbacks;
  $("rollbacks").hidden = !events.length;
  rows($("rollback-rows"), events, (event) => JSON.stringify([event.model, String(event.version)]), rollbackCells, ["", "number", "", "wrap", "end"]);
}

function makeTable(caption, heads) {
  const head = heads.map((text) => el("th", { scope: "col", text, class: NUMBERS.has(text) ? "number" : null }));
  return el("table", { hidden: true }, el("caption", { text: caption }), el("thead", {}, el("tr", {}, ...head)), el("tbody"));
}

const NUMBERS = new Set(["Version", "Routed", "Diverted", "Sample", "Agree", "Differ", "Failed", "Dropped"]);

function makeModel(name) {
  const split = makeTable("Split", ["Name", "Version", "Weight", "Share", "Routed", "Diverted", "State"]);
  const arms = makeTable("Experiments", ["Experiment", "Arm", "Version", "Share", "Routed", "Diverted", "State"]);
  const shadow = makeTable("Shadows", ["Version", "Sample", "Agree", "Differ", "Failed", "Dropped"]);
  const apply = el("button", { type: "submit", class: "primary", text: "Change weights", disabled: true });
  const undo = el("button", { type: "button", text: "Undo", disabled: true });
  const article = el(
    "article",
    { class: "card" },
    el("h3", { text: name }),
    el("form", { "aria-label": `Traffic of ${name}` }, split, el("div", { class: "row end buttons", hidden: true }, undo, apply)),
    arms,
    shadow,
  );
  const form = article.querySelector("form");
  form.addEventListener("input", () => mark(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changeWeights(name, form);
  });
  undo.addEventListener("click", () => {
    for (const input of form.querySelectorAll("input")) input.value = input.dataset.now;
    mark(form);
  });
  return article;
}

function mark(form) {
  const dirty = [...form.querySelectorAll("input")].some((input) => input.value !== input.dataset.now);
  for (const element of form.querySelectorAll("button")) element.disabled = !dirty;
}

function update(article, status) {
  const [split, arms, shadow] = article.querySelectorAll("table");
  const name = article.querySelector("h3").textContent;
  fill(split, status.split, (item) => item.name, (item) => [
    item.name,
    String(item.version),
    weight(item, name),
    share(item.share),
    count(item.routed),
    count(item.diverted),
    stateOf(item),
  ]);
  article.querySelector(".buttons").hidden = !status.split.length;
  const all = status.experiments.flatMap((experiment) => experiment.arms.map((arm) => ({ ...arm, experiment: experiment.name })));
  fill(arms, all, (arm) => JSON.stringify([arm.experiment, arm.name]), (arm) => [
    arm.experiment,
    arm.name,
    String(arm.version),
    share(arm.share),
    count(arm.routed),
    count(arm.diverted),
    stateOf(arm),
  ]);
  const found = shadows[name] ?? {};
  fill(shadow, status.shadows, (item) => String(item.version), (item) => {
    const { agree = 0, differ = 0, error = 0, dropped = 0 } = found[String(item.version)] ?? {};
    return [String(item.version), `${item.sample_rate * 100} %`, ...[agree, differ, error, dropped].map(count)];
  });
}

function fill(target, items, keyOf, cellsOf) {
  target.hidden = !items.length;
  const kinds = [...target.querySelectorAll("th")].map((head) => head.className);
  rows(target.querySelector("tbody"), items, keyOf, cellsOf, kinds);
}

const count = (number) => number.toLocaleString();

const stateOf = (item) => badge(item.rolled_back ? "rolled back" : item.share > 0 ? "active" : "idle", item.rolled_back ? "bad" : item.share > 0 ? "good" : "");

const share = (fraction) => (cell) => {
  if (!cell.firstElementChild) cell.append(el("meter", { min: 0, max: 1, "aria-hidden": "true" }), el("span", { class: "percent" }));
  cell.firstElementChild.value = fraction;
  setText(cell.lastElementChild, `${(fraction * 100).toFixed(fraction > 0 && fraction < 0.1 ? 1 : 0)} %`);
};

// An input that follows the server until somebody types into it.
const weight = (item, model) => (cell) => {
  const text = String(item.weight);
  if (!cell.firstElementChild) {
    const label = `Weight of ${item.name} of ${model}`;
    cell.append(el("input", { type: "number", min: 0, step: "any", required: true, "aria-label": label, "data-name": item.name, "data-now": text, value: text }));
  }
  const input = cell.firstElementChild;
  if (input.value === input.dataset.now && input !== document.activeElement) input.value = text;
  if (input.dataset.now !== text) {
    input.dataset.now = text;
    mark(input.form);
  }
};

async function changeWeights(model, form) {
  const inputs = [...form.querySelectorAll("input")];
  const changed = inputs.filter((input) => input.value !== input.dataset.now);
  const lines = changed.map((input) => `${input.dataset.name}: ${input.dataset.now} becomes ${input.value}`);
  if (!changed.length || !(await confirmed(`Change the traffic of ${model}?`, lines, "Change"))) return;
  const weights = Object.fromEntries(changed.map((input) => [input.dataset.name, Number(input.value)]));
  const rules = table.models?.[model]; // those of now: others may have changed them meanwhile
  if (!rules) return toast(`${model} has no rules any more.`, "bad");
  const split = (rules.split ?? []).map((entry) => ({ ...entry, weight: weights[String(entry.version)] ?? entry.weight }));
  try {
    const traffic = await ask("PUT", `/api/traffic/models/${part(model)}`, { ...rules, split });
    for (const input of changed) input.dataset.now = input.value = String(Number(input.value));
    mark(form);
    showTraffic(traffic);
    toast(`The traffic of ${model} has changed.`);
  } catch (error) {
    toast(error.message, "bad");
  }
}

function rollbackCells(event) {
  return [
    event.model,
    String(event.version),
    when(event.time),
    event.reason,
    button("Reset", `Give version ${event.version} of ${event.model} its weight again`, () => reset(event)),
  ];
}

async function reset({ model, version }) {
  if (!(await confirmed(`Reset version ${version} of ${model}?`, ["It gets its weight again, and is counted anew."], "Reset"))) return;
  try {
    showTraffic(await ask("POST", `/api/traffic/models/${part(model)}/versions/${version}:reset`));
    toast(`Version ${version} of ${model} has its weight again.`);
  } catch (error) {
    toast(error.message, "bad");
  }
}
