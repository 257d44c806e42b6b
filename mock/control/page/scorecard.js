// What was seen of the clients.
import { $, clock, count, el, noun, update, visible } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};
let deciding = 0; // asks again when what is pending is decided
let turn = 0; // of asking: an answer that comes late is for nobody

export function begin(_, attempt) {
  act = attempt;
}

/** badge tells how many mistakes were made, in the name of the view. */
export async function badge() {
  const card = await call("GET", "/scorecard");
  const made = card.mistakes.filter((m) => m.state === "made").length;
  $("card-badge").hidden = !made;
  $("card-badge").textContent = String(made);
  $("card-badge").setAttribute("aria-label", count(made, "mistake"));
}

export async function refresh() {
  const who = $("card-of").value;
  const mine = ++turn;
  const card = await call("GET", who ? `/scorecard?${new URLSearchParams({ manufacturer: who })}` : "/scorecard");
  if (mine !== turn) return;
  $("card-requests").textContent = count(card.requests, "request");
  $("card-connections").textContent = count(card.connections, "TCP connection");
  update($("card-responses"), card.responses.map((r) => el("tr", { "data-id": `${r.operation} ${r.status}` },
    el("th", { scope: "row" }, el("span", { class: `pill s${r.times ? r.status[0] : "none"}` }, r.status)),
    el("td", {}, r.operation),
    r.times ? el("td", { class: "number", "data-unit": noun(r.times, "time") }, r.times.toLocaleString("en")) : el("td", { class: "number quiet" }, "not met"))));
  const of = (state) => card.mistakes.filter((m) => m.state === state);
  const [made, pending, avoided, unseen] = ["made", "pending", "avoided", "not-seen"].map(of);
  update($("card-mistakes"), made.length ? made.map(mistake) : [el("li", { class: "quiet" }, pending.length ? "No mistake so far." : "No mistakes.")], 0);
  update($("card-avoided"), avoided.map((m) => el("li", {}, el("strong", {}, m.name), ` ${count(m.avoided, "time")}`)), 0);
  update($("card-unseen"), unseen.map((m) => el("li", {}, el("strong", {}, m.name), ` needs ${m.occasion}.`)), 0);
  update($("card-pending"), pending.map((m) => el("li", {}, el("strong", {}, m.name), ` ${count(m.pending, "time")}, until ${clock(card.decided_at)} at the latest`)), 0);
  $("card-pending-title").hidden = !pending.length;
  clearTimeout(deciding);
  if (card.decided_at) deciding = setTimeout(() => act(refresh), Math.max(Date.parse(card.decided_at) - Date.now(), 0) + 500);
  $("card-avoided-title").hidden = !avoided.length;
  $("card-unseen-title").hidden = !unseen.length;
}

function mistake(m) {
  const examples = m.examples.map((x) => el("li", {}, el("a", { href: `#exchange=${x.entry}` }, `Exchange ${x.entry}`), " ", el("time", { datetime: x.time }, clock(x.time)),
    ...(x.user_id === undefined ? [] : [" ", el("span", { class: "user" }, visible(x.user_id, { limit: 60 }))]), " ", visible(x.detail)));
  if (m.times > m.examples.length && examples.length) examples.push(el("li", { class: "quiet" }, `and ${(m.times - m.examples.length).toLocaleString("en")} more`));
  return el("li", {}, el("strong", {}, m.name), ` ${count(m.times, "time")}: ${m.summary}`,
    el("p", { class: "fix" }, `Fix: ${m.advice}`), el("ul", { class: "examples" }, ...examples));
}

$("card-of").addEventListener("input", () => act(refresh));
