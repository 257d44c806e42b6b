// The manufacturers, here and in the choices of every form.
import { $, choices, el, noun, update, visible } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};
const form = $("add-manufacturer");

// The keys that a mock has if it is given none: they are public, and the API tells
// of keys by their digests only.
const testKeys = ["acme-test-key-5c1d0a", "globex-test-key-e83b27", "initech-test-key-94f6bd"];
const known = new Map(); // keys by their digests: the test keys, and those that were set here

/** learn keeps a key to be copied. A page that is not on this machine, and has no TLS, cannot. */
async function learn(key) {
  if (!globalThis.crypto?.subtle) return;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  known.set([...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""), key);
}

const learnt = Promise.all(testKeys.map(learn));

let names = [];

export function begin(about, attempt) {
  act = attempt;
  offer(about.manufacturers); // as the store may be away
}

/** offer puts the names into the choices of every form. */
function offer(known) {
  names = known;
  choices($("connections-of"), names, "All manufacturers");
  choices($("by-manufacturer"), names, "All manufacturers");
  for (const select of [$("set-fault").elements.manufacturer, $("try-form").elements.manufacturer]) choices(select, names);
  choices($("card-of"), names, "All manufacturers");
}

/** all are the names of the manufacturers. */
export const all = () => names;

export async function refresh() {
  const { manufacturers } = await call("GET", "/manufacturers");
  await learnt;
  offer(manufacturers.map((m) => m.name));
  const focused = document.activeElement?.closest?.("#manufacturer-rows tr")?.dataset.id;
  update($("manufacturer-rows"), manufacturers.map(row));
  if (focused !== undefined) [...$("manufacturer-rows").rows].find((r) => r.dataset.id === focused)?.querySelector("td.script button").focus();
}

/** keyOf shows a key by its digest, with a button that copies it where it is known. */
function keyOf(digest) {
  const key = known.get(digest);
  const shown = el("span", { class: "quiet" }, `SHA-256 ${digest.slice(0, 8)}…`);
  if (!key) return [shown, " "];
  const copy = el("button", { type: "button", "aria-label": `Copy the key with the digest ${digest.slice(0, 8)}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(key);
      copy.textContent = "Copied";
    } catch {
      shown.textContent = key;
      getSelection().selectAllChildren(shown);
      copy.textContent = "Selected: copy it there";
    }
  } }, "Copy key");
  return [shown, " ", copy, " "];
}

function row(m) {
  return el("tr", { "data-id": m.name },
    el("th", { scope: "row" }, visible(m.name)),
    el("td", {}, el("span", { class: m.enabled ? "pill s2" : "pill snone" }, m.enabled ? "enabled" : "not enabled")),
    el("td", { class: "keys" }, ...m.key_sha256.flatMap(keyOf)),
    el("td", { class: "number", "data-unit": noun(m.connections, "connection") }, m.connections.toLocaleString("en")),
    el("td", { class: "script" }, el("button", { type: "button", "aria-label": `${m.enabled ? "Disable" : "Enable"} ${m.name}`, onclick: () => act(async () => {
      await call("PATCH", `/manufacturers/${encodeURIComponent(m.name)}`, { enabled: !m.enabled });
      await refresh();
      $("manufacturers-message").textContent = `${m.name} is ${m.enabled ? "no longer enabled" : "enabled"}.`;
    }) }, m.enabled ? "Disable" : "Enable")));
}

function propose() {
  const random = crypto.getRandomValues(new Uint8Array(8));
  form.elements.key.value = "test-key-" + [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = form.elements.name.value, key = form.elements.key.value;
  const message = $("manufacturers-message");
  act(async () => {
    try {
      await call("PUT", `/manufacturers/${encodeURIComponent(name)}`, { keys: [key], enabled: form.elements.enabled.checked });
      await learn(key);
      await refresh();
      message.textContent = `${name} is saved. Copy its key from the table: it is not shown again once you leave.`;
      message.classList.remove("error");
      form.reset();
      propose();
    } catch (cause) {
      if (cause.status === 401) throw cause;
      message.textContent = cause.message;
      message.classList.add("error");
    }
  });
});
propose();
