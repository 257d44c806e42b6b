// A form whose request the mock answers by itself: no key passes this page.
import { $ } from "./dom.js";
import { call } from "./api.js";
import { choices } from "./dom.js";
import { renderExchange } from "./exchange.js";

let about = { operations: [] };
let act = async () => {};
const form = $("try-form");

export function begin(value, attempt) {
  [about, act] = [value, attempt];
  choices(form.elements.operation, about.operations.map((o) => o.id));
  $("presets").hidden = !about.operations.some((o) => o.user_property);
  form.querySelector("[data-several]").hidden = about.operations.length < 2;
  example();
}

/** example fills in a valid request of the operation. */
function example() {
  const operation = chosen();
  if (!operation) return;
  form.elements.method.value = operation.method;
  form.elements.content_type.value = operation.content_type ?? "";
  form.elements.body.value = operation.body ?? "";
  const user = form.querySelector("[data-user]");
  user.hidden = !operation.user_property;
  if (operation.user_property) $("user-property").textContent = operation.user_property;
  else form.elements.what.value = "body";
  fit();
}

// presets are requests that bring about what a client should be tested with.
const presets = {
  created: { key: "own", what: "user", user_id: "customer-7" },
  invalid: { key: "own", what: "body", body: "{}" },
  wrong: { key: "wrong", what: "user", user_id: "customer-7" },
  failed: { key: "own", what: "user", user_id: "nox-mock:500" },
  slow: { key: "own", what: "user", user_id: "nox-mock:delay=2s" },
  lost: { key: "own", what: "user", user_id: "nox-mock:lost" },
};

for (const button of document.querySelectorAll("[data-preset]")) {
  button.addEventListener("click", () => {
    example();
    form.elements.prefer.value = "";
    for (const [name, value] of Object.entries(presets[button.dataset.preset])) form.elements[name].value = value;
    fit();
    form.requestSubmit();
  });
}

const chosen = () => about.operations.find((o) => o.id === form.elements.operation.value) ?? about.operations[0];

function fit() {
  for (const label of form.querySelectorAll("[data-what]")) label.hidden = label.dataset.what !== form.elements.what.value;
}

form.elements.operation.addEventListener("input", example);
for (const radio of form.querySelectorAll("[name=what]")) radio.addEventListener("input", fit);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { elements } = form;
  const wanted = {
    manufacturer: elements.manufacturer.value, key: elements.key.value, operation: chosen()?.id,
    method: elements.method.value, content_type: elements.content_type.value.trim(), prefer: elements.prefer.value.trim(),
    [elements.what.value === "user" ? "user_id" : "body"]: elements.what.value === "user" ? elements.user_id.value : elements.body.value,
  };
  if (!wanted.method) delete wanted.method;
  $("try-message").textContent = "";
  $("try-message").classList.remove("error");
  act(async () => {
    try {
      const entry = await call("POST", "/try", wanted);
      $("tried").replaceChildren(...renderExchange(entry, "tried", about));
      $("tried").hidden = false;
      $("tried").focus();
    } catch (cause) {
      if (cause.status === 401) throw cause;
      $("try-message").textContent = cause.message;
      $("try-message").classList.add("error");
    }
  });
});
