// One exchange in detail.
import { el, visible } from "./dom.js";
import { curl } from "./curl.js";

const phrases = {
  200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
  408: "Request Timeout", 409: "Conflict", 418: "I'm a teapot", 422: "Unprocessable Content", 429: "Too Many Requests",
  500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
};

/** statusOf is how an exchange ended: its kind, in short, and in words. */
export function statusOf(entry) {
  const { status } = entry.response;
  const words = status ? `${status} ${phrases[status] ?? ""}`.trim() : "No response";
  if (entry.outcome === "gave-up") return { kind: "none", short: status ? String(status) : "none", words: `${words}; the client left before it arrived` };
  if (entry.outcome === "dropped") return { kind: "none", short: status ? `${status} cut` : "none", words: status ? `${words}; the connection closed before it was complete` : "No response: the connection was closed" };
  return { kind: String(status)[0], short: String(status), words };
}

/** reasonOf says in a few words why an exchange ended as it did. */
export function reasonOf(entry) {
  const reason = entry.why.reason ?? entry.why.rule;
  if (entry.outcome === "gave-up") return `${reason}, but the client had left`;
  return reason;
}

/** renderExchange returns what shows an exchange; prefix keeps ids apart. */
export function renderExchange(entry, prefix, about) {
  const status = statusOf(entry);
  return [
    el("h2", { id: `${prefix}-title` }, `Exchange ${entry.id}`),
    el("p", { class: "summary" }, el("span", { class: `pill s${status.kind}` }, status.words), " ",
      el("code", {}, visible(`${entry.request.method} ${entry.request.path}`, { limit: 2000 }))),
    el("h3", {}, "Why"),
    why(entry),
    el("h3", {}, "Request"),
    ...message(entry.request, `${entry.request.protocol}${entry.connection ? `, TCP connection ${entry.connection}` : ""}`),
    el("h3", {}, "Response"),
    ...(entry.response.status ? message(entry.response) : [el("p", { class: "quiet" }, "No response was sent.")]),
    el("h3", {}, "Repeat with curl"),
    ...again(entry, about),
  ];
}

function why(entry) {
  const { rule, reason, pointer, got, expected } = entry.why;
  const at = [entry.why.in, pointer].filter(Boolean).join(", ");
  const rows = [
    ["Reason", reason], ["Rule", rule], ["Where", at], ["Expected", expected], ["Got", got],
    ["Cause", entry.fault && `the fault ${entry.fault.id} (${entry.fault.kind})`],
    ["Manufacturer", entry.manufacturer || "unknown"],
    ["user_id", entry.user_id], ["Key", entry.key_sha256 && `SHA-256 ${entry.key_sha256}…`], ["Key found in", entry.key_elsewhere],
    ["Not understood", entry.not_understood],
    ["When", moment(entry.time)], ["Decided after", `${entry.took_ms.toFixed(1)} ms`],
    ...(entry.notes ?? []).map((note) => ["Note", note]),
  ];
  const list = el("dl", { class: "facts" });
  for (const [name, value] of rows) {
    if (value === undefined || value === "") continue;
    list.append(el("dt", {}, name), el("dd", ["Reason", "Cause", "Not understood"].includes(name) ? { class: "strong" } : {}, visible(value, { limit: 300 })));
  }
  return list;
}

/** moment is a time here, with the zone. */
function moment(time) {
  const at = new Date(time);
  const zone = Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" }).formatToParts(at).find((part) => part.type === "timeZoneName").value;
  return `${at.toLocaleDateString("en-CA")} ${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")} ${zone}`;
}

/** message shows headers and body of a request or response. */
function message(part, beside) {
  const headers = el("dl", { class: "facts mono" });
  for (const [name, values] of Object.entries(part.headers ?? {}).sort()) {
    for (const value of values) headers.append(el("dt", {}, visible(name, { limit: 200 })), el("dd", {}, visible(value, { limit: 2000 })));
  }
  return [beside ? el("p", { class: "quiet" }, beside) : null, headers, ...body(part)].filter(Boolean);
}

const firstShown = 3000; // characters

function body(part) {
  if (!part.body && !part.body_bytes) return [el("p", { class: "quiet" }, "No body.")];
  const text = part.encoding === "base64" ? bytes(part.body) : part.body ?? "";
  const held = part.encoding === "base64" ? atob(part.body).length : new TextEncoder().encode(text).length;
  const all = part.body_bytes ?? held;
  const shown = el("pre", { tabindex: "0", role: "group", "aria-label": "Body" }, visible(text, { limit: firstShown, may: "\n\t" }));
  const size = part.cut ? `The first ${held.toLocaleString("en")} of ${all.toLocaleString("en")} bytes.` : `${all.toLocaleString("en")} bytes.`;
  const says = el("p", { class: "quiet" }, part.encoding ? `${size} Not all of them are UTF-8; those stand as \\x and their value. ` : `${size} `);
  if ([...text].length > firstShown) {
    const button = el("button", { type: "button", onclick: () => {
      shown.replaceChildren(visible(text, { limit: Infinity, may: "\n\t" }));
      button.remove();
    } }, "Show all that was kept");
    says.append(button);
  }
  return [shown, says];
}

/** bytes writes what is not ASCII by its value. */
function bytes(base64) {
  return [...atob(base64)].map((c) => (c > "~" ? "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0") : c)).join("");
}

function again(entry, about) {
  const { line, notes } = curl(entry, about.base_url);
  const text = el("pre", { class: "line", tabindex: "0", role: "group", "aria-label": "curl" }, line);
  const said = el("span", { class: "message", role: "status" });
  const copy = el("button", { type: "button", class: "copy", onclick: async () => {
    try {
      await navigator.clipboard.writeText(line);
      said.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      said.textContent = "Marked: copy it from there";
    }
  } }, "Copy");
  return [text, el("p", {}, copy, " ", said), ...notes.map((note) => el("p", { class: "quiet" }, note))];
}
