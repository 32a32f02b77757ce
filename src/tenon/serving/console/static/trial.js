// A form that tries one signature.

import { ask, part, render, send } from "./api.js";
import { $, options, rows, setText } from "./dom.js";

const LARGEST_SAMPLE = 1024;
const LONGEST_ANSWER = 20000;

let models = [];
let signatures = {};
let shown = "";
let written = "";

export function startTrial() {
  $("try-model").addEventListener("change", refresh);
  $("try-version").addEventListener("change", refresh);
  $("try-signature").addEventListener("change", showSignature);
  $("try-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tryIt();
  });
}

export function showTrial(overview) {
  models = overview.filter((model) => available(model).length);
  options($("try-model"), models.map((model) => [model.name, model.name]));
  return refresh();
}

const available = (model) => model.versions.filter((version) => version.state === "AVAILABLE").map((version) => version.version);

const chosenModel = () => models.find((model) => model.name === $("try-model").value);

function targets(model) {
  const names = Object.entries({ ...model.labels, ...model.aliases });
  return [
    ["", "as the rules say"],
    ...available(model).map((version) => [`version=${version}`, `version ${version}`]),
    ...names.map(([name, version]) => [`label=${part(name)}`, `${name} (version ${version})`]),
  ];
}

// The version whose signatures are shown: that of the label, or the newest where the rules decide.
function versionOf(model) {
  const [kind, value] = $("try-version").value.split("=");
  if (kind === "version") return value;
  if (kind === "label") return String({ ...model.labels, ...model.aliases }[decodeURIComponent(value)]);
  return String(available(model)[0]);
}

async function refresh() {
  const model = chosenModel();
  for (const element of $("try-form").elements) element.disabled = !model && element.id !== "try-model";
  if (!model) return;
  options($("try-version"), targets(model));
  const version = versionOf(model);
  const now = JSON.stringify([model.name, version]);
  if (now === shown) return;
  shown = now;
  try {
    signatures = await ask("GET", `/api/models/${part(model.name)}/versions/${version}/signatures`);
  } catch (error) {
    signatures = {};
    shown = "";
    setText($("try-engine"), error.message);
  }
  options($("try-signature"), Object.keys(signatures).map((name) => [name, name]));
  showSignature();
}

function showSignature() {
  const name = $("try-signature").value;
  const signature = signatures[name];
  $("try-tensors").hidden = !signature;
  if (!signature) return;
  const tensors = ["input", "output"].flatMap((kind) =>
    Object.entries(signature[`${kind}s`]).map(([tensor, spec]) => ({ kind, tensor, ...spec })),
  );
  rows($("try-tensor-rows"), tensors, ({ kind, tensor }) => `${kind} ${tensor}`, ({ kind, tensor, dtype, shape }) => [
    kind,
    tensor,
    dtype,
    shape ? `[${shape.map((size) => size ?? "any").join(", ")}]` : "any",
  ]);
  setText($("try-engine"), [signature.method, signature.engine && `engine ${signature.engine}`].filter(Boolean).join("  ·  "));
  $("try-report").hidden = !signature.engine_report;
  setText($("try-report-text"), signature.engine_report ? render(signature.engine_report, 2) : "");
  if ($("try-body").value === written) $("try-body").value = written = sample(name, signature.inputs);
}

function sample(name, inputs) {
  const lines = Object.entries(inputs).map(([input, spec]) => `    ${JSON.stringify(input)}: ${JSON.stringify(zeros(spec))}`);
  return `{\n  "signature_name": ${JSON.stringify(name)},\n  "inputs": {\n${lines.join(",\n")}\n  }\n}`;
}

function zeros({ dtype, shape }) {
  const sizes = (shape ?? []).map((size) => size ?? 1);
  if (sizes.reduce((product, size) => product * size, 1) > LARGEST_SAMPLE) return [];
  const scalar = dtype === "string" ? "text" : dtype === "bool" ? false : 0;
  return sizes.reduceRight((value, size) => Array.from({ length: size }, () => value), scalar);
}

async function tryIt() {
  const model = $("try-model").value;
  const target = $("try-version").value;
  const answer = $("try-answer");
  const status = $("try-status");
  $("try-form").setAttribute("aria-busy", "true");
  try {
    const response = await send("POST", `/api/try?model=${part(model)}${target && `&${target}`}`, $("try-body").value);
    const text = await response.text();
    const took = /dur=([\d.]+)/.exec(response.headers.get("Server-Timing") ?? "");
    setText(answer, text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER)}\n… ${text.length} characters` : text);
    setText(status, String(response.status));
    status.dataset.kind = response.ok ? "good" : "bad";
    setText($("try-time"), took ? `${Number(took[1]).toFixed(2)} ms` : "");
  } catch (error) {
    setText(answer, error.message);
    setText(status, "failed");
    status.dataset.kind = "bad";
    setText($("try-time"), "");
  }
  status.hidden = false;
  $("try-form").removeAttribute("aria-busy");
}
