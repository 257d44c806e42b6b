// A line for a POSIX shell that sends a request again. It is made of what a
// client sent, and is to be pasted: nothing in it may mean anything to a shell
// or a terminal, and the key goes nowhere but to the mock.
import { hasUnseen } from "./dom.js";

const left = ["host", "content-length", "connection", "transfer-encoding", "accept-encoding", "user-agent", "expect"];
const mask = /(?<=^|[ =/])sha256:[0-9a-f]{8}(?=$|[ &;/])/; // what the journal puts in place of a key

/** quote writes one word. */
export const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** keyed is quote with the key in place of what stands for one. */
const keyed = (text) => text.split(mask).map(quote).join('"$NOX_API_KEY"').replaceAll(`''"$`, `"$`).replace(/"''$/, '"');

/** curl returns the line, and sentences on what it cannot do. */
export function curl(entry, base) {
  const { request } = entry;
  const notes = [];
  const words = ["curl", "-i", "--path-as-is", "--globoff"];
  if (request.method === "HEAD") words.push("--head");
  else if (request.method !== "GET" || request.body_bytes) words.push("-X", quote(request.method));
  const path = request.path.startsWith("/") ? request.path : "/" + request.path;
  const target = path + (request.query ? "?" + request.query : "");
  words.push(address(base, target.split("#")[0]));
  if (target.includes("#")) words.push("--request-target", keyed(target)); // curl keeps fragments to itself
  const names = Object.keys(request.headers).sort();
  for (const name of names) {
    if (left.includes(name.toLowerCase())) continue;
    for (const value of request.headers[name]) {
      if (hasUnseen(name + value)) notes.push("The line omits a header that contains invisible characters.");
      else if (value === "") words.push("-H", quote(`${name};`));
      else words.push("-H", keyed(`${name}: ${value}`));
    }
  }
  let before = "";
  if (request.body_bytes) {
    if (!names.some((name) => name.toLowerCase() === "content-type")) words.push("-H", quote("Content-Type:"));
    const plain = request.encoding !== "base64" && !hasUnseen(request.body ?? "", "\n\t");
    if (!plain) before = `printf %s ${quote(request.encoding === "base64" ? request.body : base64(request.body))} | base64 -d | `;
    words.push(plain ? "--data-raw" : "--data-binary", plain ? quote(request.body) : "@-");
    if (entry.key_elsewhere === "body") notes.push("The body contained a key; the line contains its fingerprint instead.");
    if (request.cut) notes.push("The body is too long for the journal: the line sends only its start.");
  }
  const line = before + words.join(" ");
  if (line.includes("$NOX_API_KEY")) notes.unshift("The line takes the key from the variable NOX_API_KEY.");
  return { line, notes };
}

/** address is the mock's own, whatever Host the client sent. */
function address(base, path) {
  if (!base) return `"$NOX_MOCK"${keyed(path)}`; // as http://127.0.0.1:4010
  return keyed(new URL(base).origin + path);
}

function base64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
