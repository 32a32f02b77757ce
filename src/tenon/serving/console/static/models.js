// Models, their versions and states.

import { ask, part } from "./api.js";
import { $, badge, button, el, rows, setText, sync, toast, when } from "./dom.js";

const SHOWN = 50;
const KINDS = { AVAILABLE: "good", LOADING: "wait", START: "wait", UNLOADING: "wait" };

export function showModels(models) {
  const wanted = $("find").value.toLowerCase();
  const found = models.filter((model) => model.name.toLowerCase().includes(wanted));
  sync($("model-list"), found.slice(0, SHOWN), (model) => model.name, makeModel, updateModel);
  const more = found.length - SHOWN;
  setText($("models-note"), more > 0 ? `${more} more; find them by name.` : found.length ? "" : "No model.");
}

const HEADS = ["Version", "State", "Since", "Engines", "Error"];

function makeModel(model) {
  const head = el("tr", {}, ...HEADS.map((text) => el("th", { scope: "col", text })));
  head.append(el("th", { scope: "col" }, el("span", { class: "hidden", text: "Action" })));
  return el(
    "article",
    { class: "card" },
    el("h3", { text: model.name }),
    el("p", { class: "quiet facts" }),
    el("p", { class: "chips" }),
    el("table", {}, el("caption", { class: "hidden", text: `Versions of ${model.name}` }), el("thead", {}, head), el("tbody")),
    el("p", { class: "quiet none" }),
  );
}

function updateModel(article, model) {
  const facts = [model.base_path ?? "not configured any more", model.policy, model.logging].filter(Boolean);
  setText(article.querySelector(".facts"), facts.join("  ·  "));
  const names = [...Object.entries(model.labels), ...Object.entries(model.aliases)].map(([name, version]) => `${name} → ${version}`);
  sync(article.querySelector(".chips"), names, (name) => name, () => el("span", { class: "chip" }), setText);
  const all = $("show-ended").checked;
  const versions = model.versions.filter((version) => all || version.state !== "END" || version.error);
  setText(article.querySelector(".none"), versions.length ? "" : "No version.");
  article.querySelector("table").hidden = !versions.length;
  rows(article.querySelector("tbody"), versions, (version) => version.version, (version) => cells(model, version), ["digits", "fit", "fit", "fit", "wrap", "end"]);
}

function cells(model, version) {
  const engines = [...new Set(Object.values(version.engines).filter(Boolean))];
  const failed = version.state === "END" && version.error !== null;
  return [
    String(version.version),
    badge(failed ? "FAILED" : version.state, failed ? "bad" : (KINDS[version.state] ?? "")),
    version.since ? when(version.since) : "–",
    engines.join(", ") || "–",
    version.error ? `${version.error.code}: ${version.error.message}` : "",
    button("Retry", `Load version ${version.version} of ${model.name} again`, () => retry(model.name, version.version), failed),
  ];
}

async function retry(model, version) {
  try {
    showModels(await ask("POST", `/api/models/${part(model)}/versions/${version}:retry`));
    toast(`Version ${version} of ${model} is loaded again.`);
  } catch (error) {
    toast(error.message, "bad");
  }
}
