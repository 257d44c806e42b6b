// The control API, as this page calls it.

let token = sessionStorage.getItem("nox-mock-token") ?? "";

/** Failure is an answer that is none, in the words of the mock. */
export class Failure extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** hasToken tells whether there is a control token to present. */
export const hasToken = () => token !== "";

/** setToken keeps the control token for this tab; "" forgets it. */
export function setToken(value) {
  token = value;
  if (value) sessionStorage.setItem("nox-mock-token", value);
  else sessionStorage.removeItem("nox-mock-token");
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Failure(0, "The mock does not respond.");
  }
  if (answer.ok) return answer;
  let words = `The mock responded with ${answer.status}.`;
  try {
    words = (await answer.json()).error ?? words;
  } catch { /* not JSON: the status must do */ }
  throw new Failure(answer.status, words);
}

/** call returns the JSON of an answer, null where there is none. */
export async function call(method, path, body) {
  const answer = await send(method, path, { body });
  return answer.status === 204 ? null : answer.json();
}

/** query writes a path with its parameters; those that are "" are left out. */
export function query(path, parameters) {
  const text = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined));
  return text.size ? `${path}?${text}` : path;
}

/**
 * follow reads the events after the one with the id last, until the stream
 * ends. (An EventSource could not present the token.)
 */
export async function follow(last, signal, onOpen, onEvent) {
  const answer = await send("GET", "/events", { signal, headers: { "Last-Event-ID": String(last) } });
  onOpen();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }));
      if (event.event) onEvent(event.event, JSON.parse(event.data));
    }
  }
}
