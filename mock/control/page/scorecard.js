// What was seen of the clients.
import { $, el, update } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};
let turn = 0; // of asking: an answer that comes late is for nobody

export function begin(_, attempt) {
  act = attempt;
}

export async function refresh() {
  const who = $("card-of").value;
  const mine = ++turn;
  const card = await call("GET", who ? `/scorecard?${new URLSearchParams({ manufacturer: who })}` : "/scorecard");
  if (mine !== turn) return;
  $("card-requests").textContent = card.requests.toLocaleString("en");
  $("card-connections").textContent = card.connections.toLocaleString("en");
  update($("card-responses"), card.responses.map((r) => el("tr", { "data-id": `${r.operation} ${r.status}` },
    el("th", { scope: "row" }, el("span", { class: `pill s${r.times ? r.status[0] : "none"}` }, r.status)),
    el("td", {}, r.operation),
    r.times ? el("td", { class: "number", "data-unit": "times" }, r.times.toLocaleString("en")) : el("td", { class: "number quiet" }, "not met"))));
  const made = card.mistakes.filter((m) => m.times > 0);
  update($("card-mistakes"), made.length ? made.map(mistake) : [el("li", { class: "quiet" }, `None of the ${card.mistakes.length} that are looked for.`)], 0);
}

function mistake(m) {
  const links = m.entries.flatMap((id) => [" ", el("a", { href: `#exchange=${id}` }, String(id))]);
  return el("li", {}, el("strong", {}, m.name), ` ${m.times.toLocaleString("en")} ${m.times === 1 ? "time" : "times"}`,
    el("p", {}, `${sentence(m.summary)} ${sentence(m.advice)}`),
    links.length ? el("p", { class: "quiet" }, m.times > m.entries.length ? "The first exchanges:" : "Exchanges:", ...links) : null);
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1) + ".";

$("card-of").addEventListener("input", () => act(refresh));
