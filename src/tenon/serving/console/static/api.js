// The admin API as the page speaks it: credentials, versions of 64 bits, errors as exceptions.

const KEY = "tenon.credential";

export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export const credential = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  clear: () => sessionStorage.removeItem(KEY),
};

// Versions have up to 63 bits and numbers here 53: larger integers become BigInts, where the browser tells their digits.
export function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? BigInt(context.source)
      : value,
  );
}

export function render(value, indent = 0) {
  return JSON.stringify(value, exact, indent);
}

function exact(_, item) {
  if (Number.isInteger(item) && !Number.isSafeInteger(item)) throw new Error("This browser rounds large version numbers. Use a newer one, or the API.");
  return typeof item === "bigint" ? JSON.rawJSON(String(item)) : item;
}

export async function send(method, path, body = undefined, type = "application/json") {
  const headers = {};
  const secret = credential.get();
  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  if (method !== "GET") headers["X-Tenon-Admin"] = "1";
  if (body !== undefined) headers["Content-Type"] = type;
  try {
    return await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch {
    throw new ApiError(0, "Not reachable");
  }
}

export async function ask(method, path, value = undefined) {
  const response = await send(method, path, value === undefined ? undefined : render(value));
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, errorText(text) ?? `The server answered ${response.status}.`);
  return parse(text);
}

export function errorText(text) {
  try {
    return JSON.parse(text).error ?? null;
  } catch {
    return null;
  }
}

export const part = encodeURIComponent;
