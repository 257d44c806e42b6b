// The list of exchanges: the newest first, filtered, live.
import { $, choices, clock, count, el, visible } from "./dom.js";
import { call, query } from "./api.js";
import { reasonOf, renderExchange, statusOf } from "./exchange.js";

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

/** wanted is the filter, as the API has it. */
function wanted() {
  const outcome = $("by-outcome").value;
  return {
    manufacturer: $("by-manufacturer").value, search: $("search").value.trim(),
    ...(outcome === "fault" ? { fault: "*" } : outcome === "none" ? { incomplete: true } : { class: outcome }),
  };
}

const isFiltered = () => Object.values(wanted()).some((value) => value !== "");

let turn = 0; // of asking: an answer that comes late is for nobody

/** load asks for the newest exchanges that fit the filter, of the whole journal. */
export async function load() {
  const mine = ++turn;
  const page = await call("GET", query("/journal", { ...wanted(), newest: true, limit: pageSize }));
  if (mine !== turn) return;
  entries = page.entries;
  more = entries.length === pageSize;
  dropped = page.dropped;
  last = Math.max(last, entries.at(-1)?.id ?? 0);
  coming = coming.filter((entry) => entry.id > last || entry.revised);
  draw();
}

async function older() {
  const mine = turn;
  const page = await call("GET", query("/journal", { ...wanted(), newest: true, limit: pageSize, before: entries[0]?.id }));
  if (mine !== turn) return;
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
  const newest = new Map(coming.map((entry) => [entry.id, entry])); // one that is revised comes twice
  coming = [];
  for (const entry of newest.values()) if (entry.revised) revise(entry);
  const seen = [...newest.values()].filter((entry) => entry.id > last);
  if (!seen.length) return drawCount();
  last = seen.at(-1).id;
  for (const entry of seen) if (entry.manufacturer) names.add(entry.manufacturer);
  const fresh = filtered(seen);
  entries.push(...fresh);
  if (entries.length > most) {
    entries = entries.slice(-most);
    more = true;
  }
  const body = $("exchanges");
  body.prepend(...fresh.slice(-pageSize).reverse().map(row));
  while (body.rows.length > entries.length) body.deleteRow(-1);
  drawNames();
  drawCount();
  untold += fresh.length;
  telling ||= setTimeout(() => {
    $("news").textContent = untold ? `${count(untold, "new exchange")}` : "";
    telling = untold = 0;
  }, 2000);
}

/** revise takes an exchange of which more is known now. */
function revise(entry) {
  const at = entries.findIndex((each) => each.id === entry.id);
  if (at >= 0) {
    entries[at] = entry;
    $("exchanges").querySelector(`tr[data-id="${Number(entry.id)}"]`)?.replaceWith(row(entry));
  }
  if (entry.id === opened) detail(entry, true);
}

const paused = () => $("pause").getAttribute("aria-pressed") === "true";

function filtered(list) {
  const text = $("search").value.trim().toLowerCase();
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
    entry.why.pointer, entry.outcome, entry.not_understood, entry.fault?.id, entry.fault?.kind,
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
    el("td", { class: "user" }, ...(entry.user_id === undefined ? [] : entry.user_id === "" ? [el("span", { class: "quiet" }, "(empty)")] : [visible(entry.user_id, { limit: 80 })])),
    el("td", { class: "why" }, ...(entry.not_understood ? [el("span", { class: "pill s4" }, "not understood"), " "] : []), visible(reasonOf(entry))),
    el("td", { class: "what" }, el("code", {}, visible(`${entry.request.method} ${short(entry.request.path)}`))),
    el("td", { class: "who" }, visible(entry.manufacturer)),
    el("td", { class: "number", "data-unit": "ms" }, entry.took_ms.toFixed(1)));
  for (const cell of made.querySelectorAll(".user, .why, .what")) cell.title = cell.textContent; // of what is cut off
  if (entry.id === opened) made.setAttribute("aria-current", "true");
  return made;
}

function draw() {
  drawNames();
  $("exchanges").replaceChildren(...entries.toReversed().map(row));
  drawCount();
}

function drawNames() {
  const before = names.size;
  for (const entry of entries) if (entry.manufacturer) names.add(entry.manufacturer);
  if (names.size !== before) choices($("by-manufacturer"), [...names].sort(), "All manufacturers");
}

function drawCount() {
  const shown = $("exchanges").rows.length;
  const parts = [isFiltered() ? (shown === 1 && !more ? "1 exchange matches" : `${shown.toLocaleString("en")}${more ? " or more" : ""} exchanges match`) : count(shown, "exchange")];
  if (more && !isFiltered()) parts.push("older ones are not loaded");
  if (dropped) parts.push(`${dropped.toLocaleString("en")} dropped to make room`);
  if (missed) parts.push(`${missed.toLocaleString("en")} arrived too fast to show`);
  if (paused()) parts.push(`paused, ${coming.length.toLocaleString("en")} waiting`);
  $("traffic-count").textContent = entries.length || paused() || isFiltered() ? parts.join(" · ") : "";
  $("older").hidden = !more;
  $("no-traffic").hidden = shown > 0;
  $("no-traffic").textContent = isFiltered() ? "No exchange in the journal matches the filter."
    : `No requests yet. ${about.base_url ? `Send one to ${about.base_url}, or use` : "Use"} Try it.`;
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

function detail(entry, again) {
  const pane = $("detail");
  if (pane.dataset.id === String(opened) && !pane.hidden && !again) return;
  pane.dataset.id = String(opened);
  const shut = el("button", { type: "button", class: "close", onclick: close }, "Close");
  if (entry) pane.replaceChildren(...renderExchange(entry, "detail", about), shut);
  else pane.replaceChildren(el("h2", { id: "detail-title" }, `Exchange ${opened}`), el("p", {}, "The journal does not contain this exchange, or no longer does."), shut);
  pane.hidden = false;
  if (!again) pane.focus({ preventScroll: innerWidth >= 1024 });
}

/** close closes the detail and goes back to its row. */
export function close() {
  if (!opened) return;
  const id = opened;
  history.pushState(null, "", "#traffic"); // which does not scroll
  open(0);
  ($("exchanges").querySelector(`tr[data-id="${id}"] a`) ?? $("search")).focus();
}

let asking = 0;
for (const id of ["search", "by-outcome", "by-manufacturer"]) {
  $(id).addEventListener("input", () => {
    clearTimeout(asking);
    asking = setTimeout(() => act(load), id === "search" ? 200 : 0); // not for each letter
  });
}
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
    await call("DELETE", "/journal");
    [entries, coming, more, dropped, missed] = [[], [], false, 0, 0];
    draw();
    $("search").focus();
  });
});
