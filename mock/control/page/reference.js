// The control API, as its own document describes it.
import { $, el, visible } from "./dom.js";
import { call } from "./api.js";

let act = async () => {};
let shown = false;

export function begin(_, attempt) {
  act = attempt;
  shown = false;
}

export async function refresh() {
  if (shown) return;
  const doc = await call("GET", "/openapi.json");
  shown = true;
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(section(doc, method.toUpperCase(), path, operation));
    }
  }
  $("reference").replaceChildren(...[...groups].flatMap(([tag, sections]) => [el("h3", {}, tag[0].toUpperCase() + tag.slice(1)), ...sections]));
}

/** resolve follows a reference within the document. */
function resolve(doc, value) {
  for (let n = 0; value?.$ref && n < 10; n++) value = value.$ref.slice(2).split("/").reduce((at, name) => at?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
  return value ?? {};
}

function section(doc, method, path, operation) {
  const parameters = (operation.parameters ?? []).map((each) => resolve(doc, each));
  const body = resolve(doc, operation.requestBody)?.content?.["application/json"];
  const schema = body && resolve(doc, body.schema);
  return el("details", { class: "card operation" },
    el("summary", {}, el("span", { class: "pill" }, method), " ", el("code", {}, path), " ", operation.summary ?? ""),
    operation.description ? el("p", {}, operation.description) : null,
    parameters.length ? el("h4", {}, "Parameters") : null,
    parameters.length ? fields(parameters.map((p) => [p.name, typeOf(doc, p.schema), p.description, p.required])) : null,
    schema?.properties ? el("h4", {}, "Body") : null,
    schema?.properties ? fields(Object.entries(schema.properties).map(([name, value]) => {
      const property = resolve(doc, value);
      return [name, typeOf(doc, value), property.description, schema.required?.includes(name)];
    })) : null,
    el("h4", {}, "Responses"),
    fields(Object.entries(operation.responses).map(([status, response]) => [status, "", resolve(doc, response).description, false])),
    el("h4", {}, "With curl"),
    el("pre", { class: "line", tabindex: "0", role: "group", "aria-label": "curl" }, curl(method, path, parameters, schema)));
}

function fields(rows) {
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, type, description, required]) => [
    el("dt", {}, el("code", {}, name)),
    el("dd", {}, type ? el("span", { class: "quiet" }, type + (required ? ", required" : "")) : null, type && description ? " " : null, description ? visible(description, { limit: 2000 }) : null),
  ]));
}

/** typeOf names what a schema takes. */
function typeOf(doc, value) {
  const schema = resolve(doc, value);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.oneOf) return schema.oneOf.map((each) => typeOf(doc, each)).join(" or ");
  if (schema.type === "array") return `array of ${typeOf(doc, schema.items)}`;
  const bounds = [schema.minimum !== undefined ? `from ${schema.minimum}` : "", schema.maximum !== undefined ? `to ${schema.maximum}` : ""].filter(Boolean).join(" ");
  return [schema.type ?? "any", bounds].filter(Boolean).join(" ");
}

/** curl is a line that calls the operation, with the examples of the document. */
function curl(method, path, parameters, schema) {
  const of = (p) => p.example ?? p.schema?.example ?? p.name.toUpperCase();
  let target = path;
  for (const p of parameters) if (p.in === "path") target = target.replace(`{${p.name}}`, encodeURIComponent(of(p)));
  const query = new URLSearchParams(parameters.filter((p) => p.in === "query" && p.required).map((p) => [p.name, of(p)]));
  const words = ["curl", "-f", method === "GET" ? "" : `-X ${method}`, `'${location.origin}${target}${query.size ? "?" + query : ""}'`];
  if (schema) words.push("-H 'content-type: application/json'", `-d '${JSON.stringify(schema.example ?? exampleOf(schema))}'`);
  return words.filter(Boolean).join(" ");
}

/** exampleOf makes a body of the examples of its required properties. */
function exampleOf(schema) {
  return Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name, value]) => value.example !== undefined && (schema.required ?? [name]).includes(name))
    .map(([name, value]) => [name, value.example]));
}
