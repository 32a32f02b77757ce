// The console: asks once a second while somebody looks, and shows what it hears.

import { ApiError, ask, credential, render } from "./api.js";
import { Charts, WINDOW } from "./charts.js";
import { $, badge, options, rows, setText, when } from "./dom.js";
import { showModels } from "./models.js";
import { showTraffic } from "./traffic.js";
import { showTrial, startTrial } from "./trial.js";

const EVERY = 1000;
const AT_REST = 5000;
const ERRORS_SHOWN = 50;

const charts = new Charts();
let scope = ""; // the model whose points these are
let points = new Map();
let offset = 0;
let heard = 0; // the second up to which points are known
let models = [];
let timer = 0;
let asking = false;

async function look() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible" || asking) return;
  asking = true;
  let pause = EVERY;
  try {
    show(await ask("GET", `/api/overview?${question()}`));
    pulse("Live", "good");
  } catch (error) {
    pause = AT_REST;
    if (error.status === 401 || error.status === 403) {
      pause = undefined; // until somebody signs in
      return refused(error);
    }
    pulse(error.message, "bad");
    if (!(error instanceof ApiError)) throw error; // a fault of this page, for whoever opens the browser's console
  } finally {
    asking = false;
    if (pause) timer = setTimeout(look, pause);
  }
}

function question() {
  const model = $("scope").value;
  if (model !== scope) forget();
  scope = model;
  const missing = Math.ceil(Date.now() / 1e3 - offset) - heard + 2;
  const seconds = heard && missing > 0 && missing < WINDOW ? missing : WINDOW;
  return new URLSearchParams(model ? { seconds, model } : { seconds });
}

function show(overview) {
  $("sign-in").hidden = true;
  $("console").hidden = false;
  $("sign-out").hidden = !credential.get();
  ({ models } = overview);
  showHistory(overview.history);
  options($("scope"), [["", "All models"], ...models.map((model) => [model.name, model.name])]);
  showModels(models);
  showTraffic(overview.traffic);
  showTrial(models);
  showErrors(overview.errors);
  showAbout(overview.about);
}

function forget() {
  points = new Map();
  heard = 0;
}

function showHistory(history) {
  if ($("scope").value !== scope) return; // another was chosen meanwhile
  const { columns } = history;
  if (history.now < heard) forget(); // another machine answers, or this one has started anew
  ({ offset } = history);
  heard = history.now;
  columns.second.forEach((second, row) => {
    points.set(second, Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[row]])));
  });
  for (const second of points.keys()) if (second < heard - WINDOW) points.delete(second);
  charts.show(points, heard, offset);
  showTiles(points.get(heard - 1));
}

function showTiles(point) {
  const tile = (name, text) => setText($(`tile-${name}`), text);
  tile("requests", (point?.requests ?? 0).toLocaleString());
  tile("errors", (point?.errors ?? 0).toLocaleString());
  tile("p50", point?.requests ? milliseconds(point.p50) : "–");
  tile("p99", point?.requests ? milliseconds(point.p99) : "–");
  tile("rows", point?.batches ? (point.rows / point.batches).toFixed(1) : "–");
  $("tile-errors").parentElement.classList.toggle("alarm", (point?.errors ?? 0) > 0);
}

const milliseconds = (seconds) => `${(seconds * 1e3).toFixed(seconds < 0.01 ? 2 : 0)} ms`;

function showErrors(errors) {
  const latest = errors.slice(-ERRORS_SHOWN).reverse();
  const numbered = new Map();
  const keyOf = (error) => {
    const key = JSON.stringify([error.time, error.model, error.api, error.code, error.trace_id]);
    numbered.set(key, (numbered.get(key) ?? 0) + 1);
    return `${key} ${numbered.get(key)}`;
  };
  rows($("error-rows"), latest, keyOf, errorCells, ["", "", "number", "", "", "wrap", "mono"]);
  $("error-table").hidden = !latest.length;
  setText($("errors-note"), latest.length ? "" : "None since the start.");
}

function errorCells(error) {
  const version = error.version === null ? "–" : String(error.version);
  return [when(error.time), error.model || "–", version, error.api, badge(error.code, "bad"), error.text, error.trace_id];
}

function showAbout(about) {
  setText($("where"), [about.version && `version ${about.version}`, about.started && `up ${since(about.started)}`].filter(Boolean).join("  ·  "));
  const entries = Object.entries(about).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).map(([key, item]) => [`${name}: ${key}`, item])
      : [[name, name === "started" ? when(value) : value]],
  );
  rows($("about-rows"), entries, ([name]) => name, ([name, value]) => [name.replaceAll("_", " "), textOf(value)], ["quiet", "wrap"]);
}

const textOf = (value) => (typeof value === "string" ? value : typeof value === "bigint" ? String(value) : Array.isArray(value) ? value.map(textOf).join(", ") : render(value));

function since(started) {
  const minutes = Math.max(0, Math.floor((Date.now() / 1e3 - started) / 60));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  return days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

function pulse(text, kind) {
  setText($("pulse"), text);
  $("pulse").dataset.kind = kind;
}

function refused(error) {
  const first = error.status === 401 && !credential.get();
  pulse(first ? "Signed out" : "Refused", first ? "" : "bad");
  setText($("sign-in-error"), first ? "" : error.message);
  $("console").hidden = true;
  $("sign-in").hidden = false;
  $("sign-out").hidden = true;
  $("credential").focus();
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const secret = $("credential").value.trim();
  $("credential").value = "";
  if (!/^[!-~]+$/.test(secret)) return setText($("sign-in-error"), "A credential has only letters, digits and signs of ASCII, and no spaces.");
  credential.set(secret);
  forget();
  look();
});
$("sign-out").addEventListener("click", () => {
  credential.clear();
  location.reload();
});
$("scope").addEventListener("change", look);
$("find").addEventListener("input", () => showModels(models));
$("show-ended").addEventListener("change", () => showModels(models));
document.addEventListener("visibilitychange", look);
startTrial();
look();
