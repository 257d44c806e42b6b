// The connections of a manufacturer, in pages.
import { $, clock, count, el, noun, update, visible } from "./dom.js";
import { call, query } from "./api.js";
import { load } from "./traffic.js";
import { all } from "./manufacturers.js";

const pageSize = 50;
let act = async () => {};
let pages = 1; // that are shown
let turn = 0; // of asking: an answer that comes late is for nobody

export function begin(_, attempt) {
  act = attempt;
}

export async function refresh() {
  const mine = ++turn;
  const most = Math.min(pages * pageSize, 1000);
  const of = $("connections-of").value ? [$("connections-of").value] : all();
  let rows = [], more = false;
  for (const manufacturer of of) {
    const room = most - rows.length;
    const page = await call("GET", query("/connections", { manufacturer, search: $("connections-search").value, limit: Math.max(room, 1) }));
    if (mine !== turn) return;
    rows.push(...page.connections.slice(0, room));
    more ||= Boolean(page.next) || page.connections.length > room;
    if (rows.length >= most && more) break;
  }
  update($("connection-rows"), rows.map((c) => el("tr", {},
    el("td", { class: "user" }, c.user_id === "" ? el("span", { class: "quiet" }, "(empty)") : visible(c.user_id)),
    el("td", {}, el("code", {}, visible(c.nox_user_id))),
    el("td", {}, visible(c.manufacturer)),
    el("td", { class: "number", "data-unit": noun(c.times_asked, "time") }, String(c.times_asked ?? 0)),
    el("td", {}, c.last_asked ? el("time", { datetime: c.last_asked }, clock(c.last_asked)) : ""))));
  $("more-connections").hidden = !more || most >= 1000;
  $("no-connections").hidden = rows.length > 0;
}

function anew() {
  pages = 1;
  $("connections-message").textContent = "";
  act(refresh);
}

$("connections-of").addEventListener("input", anew);
$("connections-search").addEventListener("input", anew);
$("more-connections").addEventListener("click", () => {
  pages++;
  act(refresh);
});
$("reset").addEventListener("click", () => {
  const manufacturer = $("connections-of").value;
  if (!confirm(`Forget the connections, exchanges, faults and scorecard of ${manufacturer || "all manufacturers"}?`)) return;
  act(async () => {
    await call("POST", "/reset", manufacturer ? { manufacturer } : {});
    await Promise.all([refresh(), load()]);
    $("connections-message").textContent = `Reset ${manufacturer || "the mock"}; ${count($("connection-rows").rows.length, "connection")} left.`;
  });
});
