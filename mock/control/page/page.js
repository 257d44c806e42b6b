// The page for people: shows a view, follows the exchanges, and lets the views
// refresh themselves when something has happened. When nothing does, it rests.
import { $ } from "./dom.js";
import { Failure, call, follow, hasToken, setToken } from "./api.js";
import * as traffic from "./traffic.js";
import * as connections from "./connections.js";
import * as faults from "./faults.js";
import * as scorecard from "./scorecard.js";
import * as manufacturers from "./manufacturers.js";
import * as tryit from "./try.js";
import * as reference from "./reference.js";

const views = { traffic, connections, faults, scorecard, manufacturers, try: tryit, api: reference };
let current = "traffic";
let started = ""; // of the mock that is followed
let stop = null; // ends the following

document.documentElement.classList.add("scripted");

function say(state, words) {
  $("state").className = state;
  if ($("state").textContent !== words) $("state").textContent = words;
}

/** show shows the view, or the exchange, that the fragment names. */
function show() {
  const fragment = location.hash.slice(1);
  const exchange = /^exchange=(\d+)$/.exec(fragment);
  current = exchange ? "traffic" : Object.hasOwn(views, fragment) ? fragment : current;
  for (const name of Object.keys(views)) $(name).hidden = name !== current;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === "#" + current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  traffic.open(exchange ? Number(exchange[1]) : 0);
  if (!started) return;
  refresh();
  if (current !== "manufacturers") attempt(askStore); // for the choices
}

/** refresh asks anew for what the view shows. */
function refresh() {
  attempt(() => views[current].refresh?.());
  badges();
}

/** badges brings those beside the names of the views up to date. */
function badges() {
  if (current !== "faults") attempt(faults.refresh);
  attempt(scorecard.badge);
}

/** attempt performs what may be refused, and says so. */
async function attempt(action) {
  try {
    await action();
  } catch (cause) {
    if (cause instanceof Failure && cause.status === 401) lock(cause.message);
    else if (cause instanceof Failure && cause.status === 503) away(cause.message);
    else if (cause instanceof Failure && cause.status !== 0) say("lost", cause.message);
    else if (!(cause instanceof Failure)) throw cause;
  }
}

/** askStore asks for the manufacturers, and so finds out that the store is back. */
async function askStore() {
  await manufacturers.refresh();
  if ($("problem").hidden) return;
  $("problem").hidden = true;
  refresh();
}

// While the store is away, it is asked from time to time, as nothing else tells.
let asking = 0;
function away(words) {
  const text = `${words[0].toUpperCase()}${words.slice(1)}. Until it is back, the mock responds with 500 to requests that need it.`;
  $("problem").hidden = false;
  if ($("problem").textContent !== text) $("problem").textContent = text;
  asking ||= setTimeout(() => {
    asking = 0;
    if (document.hidden) away(words);
    else attempt(askStore);
  }, 2000);
}

function lock(words) {
  stop?.abort();
  setToken("");
  started = "";
  document.body.classList.add("locked");
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = words;
  say("", "");
  $("token").focus();
}

function unlock() {
  document.body.classList.remove("locked");
  $("sign-in").hidden = true;
  $("sign-in-error").textContent = "";
}

// Refreshing is put off a little, so that a thousand exchanges are one refresh.
let due = 0;
function changed() {
  due ||= setTimeout(() => {
    due = 0;
    if (!started) return;
    if (current === "try" || current === "api") badges();
    else refresh();
  }, 300);
}

/** begin asks for everything, if the mock is not the one that is known. */
async function begin() {
  const about = await call("GET", "/about");
  unlock();
  if (about.started === started) return;
  started = about.started;
  for (const view of Object.values(views)) view.begin?.(about, attempt);
  await attempt(askStore); // which may be away
  await traffic.load();
  show();
}

/** run follows the exchanges, and begins again when the mock comes back. */
async function run() {
  stop?.abort();
  if (document.body.classList.contains("locked") && !hasToken()) return $("token").focus();
  const { signal } = (stop = new AbortController());
  for (let wait = 500; !signal.aborted; wait = Math.min(2 * wait, 8000)) {
    try {
      await begin();
      await follow(traffic.newest(), signal, () => {
        wait = 500;
        say("live", "Live");
      }, (kind, data) => {
        if (kind === "changed" || data.why?.rule === "internal") attempt(askStore);
        if (kind !== "changed") traffic.event(kind, data);
        changed();
      });
      say("lost", "The mock has stopped. Waiting for it.");
    } catch (cause) {
      if (signal.aborted) return;
      if (!(cause instanceof Failure)) throw cause;
      if (cause.status === 401) return lock(cause.message);
      say("lost", cause.status ? cause.message : "The mock does not respond. Waiting for it.");
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken($("token").value);
  $("token").value = "";
  run();
});

addEventListener("hashchange", show);
// A tab that nobody sees gives its connection back: a browser has few of them
// for one server. It catches up when it is seen again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return stop?.abort();
  run();
  if (started) refresh();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    if (current !== "connections") location.hash = "traffic";
    show();
    $(current === "connections" ? "connections-search" : "search").focus();
  }
  if (event.key === "Escape" && current === "traffic" && !(typing && event.target.value)) traffic.close();
});
for (const form of document.querySelectorAll("form.toolbar")) form.addEventListener("submit", (event) => event.preventDefault());

show();
run();
