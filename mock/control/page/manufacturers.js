// The manufacturers, here and in the choices of every form.
import { $, choices, el, update, visible } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};

export function begin(_, attempt) {
  act = attempt;
}

export async function refresh() {
  const { manufacturers } = await call("GET", "/manufacturers");
  const names = manufacturers.map((m) => m.name);
  for (const select of [$("connections-of"), $("set-fault").elements.manufacturer, $("try-form").elements.manufacturer]) choices(select, names);
  choices($("card-of"), names, "All manufacturers");
  const focused = document.activeElement?.closest?.("#manufacturer-rows tr")?.dataset.id;
  update($("manufacturer-rows"), manufacturers.map(row));
  if (focused !== undefined) [...$("manufacturer-rows").rows].find((r) => r.dataset.id === focused)?.querySelector("button").focus();
}

function row(m) {
  return el("tr", { "data-id": m.name },
    el("th", { scope: "row" }, visible(m.name)),
    el("td", {}, el("span", { class: m.enabled ? "pill s2" : "pill snone" }, m.enabled ? "enabled" : "not enabled")),
    el("td", { class: "number", "data-unit": "connections" }, m.connections.toLocaleString("en")),
    el("td", { class: "script" }, el("button", { type: "button", "aria-label": `${m.enabled ? "Disable" : "Enable"} ${m.name}`, onclick: () => act(async () => {
      await call("PATCH", `/manufacturers/${encodeURIComponent(m.name)}`, { enabled: !m.enabled });
      await refresh();
      $("manufacturers-message").textContent = `${m.name} is ${m.enabled ? "not enabled any more" : "enabled"}.`;
    }) }, m.enabled ? "Disable" : "Enable")));
}
