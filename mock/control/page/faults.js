// The faults: what is in force, and a form to set one.
import { $, clock, el, update, visible } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};
const form = $("set-fault");
let ending = 0;

export function begin(_, attempt) {
  act = attempt;
}

export async function refresh() {
  const { faults } = await call("GET", "/faults");
  const active = faults.filter((f) => f.active).length;
  $("faults-badge").hidden = !active;
  $("faults-badge").textContent = String(active);
  $("faults-badge").setAttribute("aria-label", `${active} in force`);
  clearTimeout(ending);
  const next = Math.min(...faults.map((f) => Date.parse(f.expires) - Date.now()));
  if (next < 2 ** 31 - 1000) ending = setTimeout(() => act(refresh), Math.max(next, 0) + 100); // when the first one expires
  $("no-faults").hidden = faults.length > 0;
  $("clear-faults").hidden = faults.length === 0;
  const focused = document.activeElement?.closest?.("#fault-rows tr")?.dataset.id;
  update($("fault-rows"), faults.map(row));
  if (focused) ($("fault-rows").querySelector(`tr[data-id="${CSS.escape(focused)}"] button`) ?? $("clear-faults")).focus();
}

function row(fault) {
  return el("tr", { "data-id": fault.id, class: fault.active ? "" : "over" },
    el("th", { scope: "row" }, fault.id),
    el("td", {}, visible(what(fault), { limit: 300 })),
    el("td", {}, visible(fault.manufacturer)),
    el("td", {}, left(fault)),
    el("td", {}, el("time", { datetime: fault.expires }, clock(fault.expires))),
    el("td", { class: "script" }, el("button", { type: "button", "aria-label": `Clear ${fault.id}`, onclick: () => act(async () => {
      await call("DELETE", `/faults/${encodeURIComponent(fault.id)}`);
      await refresh();
      $("fault-message").textContent = `${fault.id} is cleared.`;
      form.elements.kind.focus();
    }) }, "Clear")));
}

function what(fault) {
  const parts = [fault.kind];
  if (fault.status) parts.push(String(fault.status));
  if (fault.retry_after !== undefined) parts.push(`Retry-After ${fault.retry_after} s${fault.retry_after_date ? ", as a date" : ""}`);
  if (fault.media_type) parts.push(fault.media_type);
  if (fault.piece_bytes) parts.push(`${fault.piece_bytes} bytes every ${fault.every_ms} ms`);
  if (fault.body !== undefined) parts.push(`with a body of ${fault.body.length} characters`);
  if (fault.delay) parts.push(delay(fault.delay));
  if (fault.share) parts.push(`${Math.round(fault.share * 100)} % of the requests`);
  if (fault.after) parts.push(`not the first ${fault.after}`);
  if (fault.user_id !== undefined) parts.push(`for ${fault.user_id || "the empty user_id"}`);
  return parts.join(", ");
}

function delay(d) {
  switch (d.distribution) {
    case "uniform": return `after ${d.min_ms ?? 0} to ${d.max_ms} ms`;
    case "log-normal": return `after about ${d.median_ms} ms`;
    default: return `after ${d.ms ?? 0} ms`;
  }
}

function left(fault) {
  if (!fault.active) return "used up";
  return fault.times ? `${fault.times - fault.fired} of ${fault.times}` : `no limit (${fault.fired} so far)`;
}

/** fit shows the fields that the kind, and the spread of the delay, have a use for. */
function fit() {
  const kind = form.elements.kind.selectedOptions[0];
  const spread = form.elements.distribution.value;
  $("kind-does").textContent = `The mock will ${kind.dataset.does.replace(/ \(.*\)$/, "").replace(/"(\w+)"/g, (_, name) => `the ${name.replace("_", " ")} given`)}.`;
  for (const label of form.querySelectorAll("[data-kinds], [data-delays]")) {
    label.hidden = label.dataset.kinds ? !label.dataset.kinds.split(" ").includes(kind.value) : !label.dataset.delays.split(" ").includes(spread);
    label.querySelector("input, textarea").disabled = label.hidden;
  }
}

/** given is the fault that the form describes. */
function given() {
  const set = {};
  const delay = {};
  for (const [name, value] of new FormData(form)) {
    if (value === "" || name === "distribution") continue;
    const number = form.elements[name].type === "number";
    const inDelay = form.elements[name].closest("[data-delays]");
    if (inDelay) delay[name] = Number(value);
    else if (name === "share") set.share = Number(value) / 100;
    else if (name === "retry_after_date") set.retry_after_date = true;
    else set[name] = number ? Number(value) : value;
  }
  if (Object.keys(delay).length) set.delay = { distribution: form.elements.distribution.value, ...delay };
  return set;
}

form.elements.kind.addEventListener("input", fit);
form.elements.distribution.addEventListener("input", fit);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const set = given();
  act(async () => {
    try {
      const made = await call("POST", "/faults", set);
      $("fault-message").textContent = `${made.id} is in force for ${made.manufacturer}.`;
      $("fault-message").classList.remove("error");
    } catch (cause) {
      if (cause.status === 401) throw cause;
      $("fault-message").textContent = cause.message;
      $("fault-message").classList.add("error");
    }
    await refresh();
  });
});
$("clear-faults").addEventListener("click", () => act(async () => {
  await call("DELETE", "/faults");
  await refresh();
  $("fault-message").textContent = "All faults are cleared.";
  form.elements.kind.focus();
}));
fit();
