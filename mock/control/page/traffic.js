// The list of exchanges: the newest first, filtered, live.
import { $, choices, clock, count, el, visible } from "./dom.js";
import { call, query } from "./api.js";
import { renderExchange, statusOf } from "./exchange.js";

const pageSize = 200; // exchanges that are asked for at a time
const most = 2000; // that are kept

let entries = []; // the oldest first
let last = 0; // the greatest id that was seen, kept or not
let more = false; // there are older ones
let dropped = 0;
let missed = 0;
let opened = 0; // the exchange in detail, 0 for none
let about = { operations: [] };
let act = async () => {};
let names = new Set(); // of manufacturers that occur

/** newest is the id to follow from. */
export const newest = () => last;

export function begin(value, attempt) {
  [about, act] = [value, attempt];
  [entries, last, missed] = [[], 0, 0];
}

/** load asks for the newest exchanges. */
export async function load() {
  const page = await call("GET", query("/journal", { newest: true, limit: pageSize }));
  entries = page.entries;
  more = entries.length === pageSize;
  dropped = page.dropped;
  last = entries.at(-1)?.id ?? 0;
  draw();
}

async function older() {
  const page = await call("GET", query("/journal", { newest: true, limit: pageSize, before: entries[0]?.id }));
  entries = [...page.entries, ...entries];
  more = page.entries.length === pageSize && entries.length < most;
  draw();
}

// What comes in is put together for a moment, so that a storm of exchanges is
// drawn a few times a second and told once in a while.
let coming = [];
let drawing = 0, telling = 0, untold = 0;

/** event takes what the stream of events tells. */
export function event(kind, data) {
  if (kind === "missed") {
    missed += data.count;
    data = null;
  }
  if (data) coming.push(data);
  if (coming.length > most) coming.shift();
  if (!paused()) drawing ||= setTimeout(take, 150);
  else drawCount();
}

function take() {
  drawing = 0;
  const fresh = coming.filter((entry) => entry.id > last);
  coming = [];
  if (!fresh.length) return drawCount();
  last = fresh.at(-1).id;
  entries.push(...fresh);
  if (entries.length > most) {
    entries = entries.slice(-most);
    more = true;
  }
  const body = $("exchanges");
  const held = filtered(fresh);
  body.prepend(...held.slice(-pageSize).reverse().map(row));
  while (body.rows.length > entries.length) body.deleteRow(-1);
  drawNames();
  drawCount();
  untold += held.length;
  telling ||= setTimeout(() => {
    $("news").textContent = untold ? `${count(untold, "new exchange")}` : "";
    telling = untold = 0;
  }, 2000);
}

const paused = () => $("pause").getAttribute("aria-pressed") === "true";

function filtered(list) {
  const text = $("search").value.toLowerCase();
  const outcome = $("by-outcome").value;
  const who = $("by-manufacturer").value;
  return list.filter((entry) =>
    (!who || entry.manufacturer === who) &&
    (!outcome || (outcome === "fault" ? entry.fault : statusOf(entry).kind === outcome)) &&
    (!text || haystack(entry).includes(text)));
}

/** haystack is all that a search looks at, in lower case. */
function haystack(entry) {
  return [
    `#${entry.id}`, entry.manufacturer, entry.operation, entry.user_id, entry.key_sha256, entry.request.method, entry.request.path,
    entry.request.query, entry.request.body, entry.response.status, entry.response.body, entry.why.rule, entry.why.reason,
    entry.why.pointer, entry.outcome, entry.fault?.id, entry.fault?.kind,
    ...Object.entries(entry.request.headers).flat(2),
  ].join("\n").toLowerCase();
}

/** short is a path without the base path, which all have. */
function short(path) {
  const base = about.base_url ? new URL(about.base_url).pathname.replace(/\/$/, "") : "";
  return base && path.startsWith(base + "/") ? path.slice(base.length) : path;
}

function row(entry) {
  const status = statusOf(entry);
  const made = el("tr", { "data-id": entry.id },
    el("td", { class: "when" }, el("a", { href: `#exchange=${entry.id}`, "aria-label": `Exchange ${entry.id}` }, String(entry.id)), " ",
      el("time", { datetime: entry.time }, clock(entry.time))),
    el("td", { class: "status" }, el("span", { class: `pill s${status.kind}` }, status.short)),
    el("td", { class: "what" }, el("code", {}, visible(`${entry.request.method} ${short(entry.request.path)}`)),
      ...(entry.user_id === undefined ? [] : [" ", el("span", { class: "user" }, visible(entry.user_id, { limit: 60 }))])),
    el("td", { class: "why" }, visible(entry.why.reason ?? entry.why.rule)),
    el("td", { class: "who" }, visible(entry.manufacturer)),
    el("td", { class: "number", "data-unit": "ms" }, entry.took_ms.toFixed(1)));
  if (entry.id === opened) made.setAttribute("aria-current", "true");
  return made;
}

function draw() {
  drawNames();
  $("exchanges").replaceChildren(...filtered(entries).reverse().map(row));
  drawCount();
}

function drawNames() {
  const before = names.size;
  for (const entry of entries) if (entry.manufacturer) names.add(entry.manufacturer);
  if (names.size !== before) choices($("by-manufacturer"), [...names].sort(), "All manufacturers");
}

function drawCount() {
  const shown = $("exchanges").rows.length;
  const parts = [shown === entries.length ? count(shown, "exchange") : `${shown.toLocaleString("en")} of ${count(entries.length, "exchange")}`];
  if (more) parts.push("older ones are not loaded");
  if (dropped) parts.push(`${dropped.toLocaleString("en")} made room for later ones`);
  if (missed) parts.push(`${missed.toLocaleString("en")} came too fast to be shown`);
  if (paused()) parts.push(`paused, ${coming.length.toLocaleString("en")} waiting`);
  $("traffic-count").textContent = entries.length || paused() ? parts.join(" · ") : "";
  $("older").hidden = !more;
  $("no-traffic").hidden = shown > 0;
  $("no-traffic").textContent = entries.length ? "No exchange fits the filter."
    : `Nothing was asked yet. ${about.base_url ? `Send a request to ${about.base_url}, or` : "You may"} use Try it.`;
}

/** open shows an exchange in detail, or none if id is 0. */
export function open(id) {
  const before = opened;
  opened = id;
  mark(before);
  mark(id);
  document.body.classList.toggle("detailed", id !== 0);
  if (!id) {
    $("detail").hidden = true;
    return;
  }
  const known = entries.find((entry) => entry.id === id);
  if (known) return detail(known);
  act(async () => {
    const page = await call("GET", query("/journal", { after: id - 1, before: id + 1 }));
    if (id === opened) detail(page.entries[0]);
  });
}

function mark(id) {
  const found = $("exchanges").querySelector(`tr[data-id="${Number(id)}"]`);
  if (!found) return;
  if (id === opened) found.setAttribute("aria-current", "true");
  else found.removeAttribute("aria-current");
}

function detail(entry) {
  const pane = $("detail");
  if (pane.dataset.id === String(opened) && !pane.hidden) return;
  pane.dataset.id = String(opened);
  const shut = el("button", { type: "button", class: "close", onclick: close }, "Close");
  if (entry) pane.replaceChildren(...renderExchange(entry, "detail", about), shut);
  else pane.replaceChildren(el("h2", { id: "detail-title" }, `Exchange ${opened}`), el("p", {}, "The journal does not hold it, or not any more."), shut);
  pane.hidden = false;
  pane.focus({ preventScroll: innerWidth >= 1024 });
}

/** close closes the detail and goes back to its row. */
export function close() {
  if (!opened) return;
  const id = opened;
  history.pushState(null, "", "#traffic"); // which does not scroll
  open(0);
  ($("exchanges").querySelector(`tr[data-id="${id}"] a`) ?? $("search")).focus();
}

for (const id of ["search", "by-outcome", "by-manufacturer"]) $(id).addEventListener("input", draw);
$("exchanges").addEventListener("click", (event) => {
  const found = event.target.closest("tr[data-id]");
  if (found && !event.target.closest("a") && !getSelection().toString()) location.hash = `exchange=${found.dataset.id}`;
});
$("pause").addEventListener("click", () => {
  $("pause").setAttribute("aria-pressed", String(!paused()));
  if (!paused()) take();
  else drawCount();
});
$("older").addEventListener("click", () => act(older));
$("clear-journal").addEventListener("click", () => {
  if (!confirm("Clear the exchanges of all manufacturers?")) return;
  act(async () => {
    await call("DELETE", query("/journal", { manufacturer: "*" }));
    [entries, coming, more, dropped, missed] = [[], [], false, 0, 0];
    draw();
    $("search").focus();
  });
});
