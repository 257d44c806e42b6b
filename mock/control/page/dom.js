// What comes from clients enters the page here, as text and never as markup.

/** $ is the element with that id. */
export const $ = (id) => document.getElementById(id);

/** el makes an element; "class" and "on…" are among the attributes. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Characters that would not be seen, or would change how what is around them is
// seen: controls, formats (bidi among them), separators, private use, lone
// surrogates.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd]/u;

/** hasUnseen tells whether text has such a character besides those that may. */
export const hasUnseen = (text, may = "") => [...text].some((c) => !may.includes(c) && unseen.test(c));

/**
 * visible makes a text fit to be looked at: unseen characters stand there by
 * their names. Of a text that is longer than limit only the start is shown.
 */
export function visible(text, { limit = 120, may = "" } = {}) {
  const made = document.createDocumentFragment();
  let plain = "", n = 0;
  const flush = () => {
    if (plain) made.append(plain);
    plain = "";
  };
  for (const c of text) {
    if (n++ === limit) {
      plain += "…";
      break;
    }
    if (may.includes(c) || !unseen.test(c)) {
      plain += c;
      continue;
    }
    flush();
    made.append(el("span", { class: "code" }, "U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")));
  }
  flush();
  return made;
}

/** clock is the time of the day, here. */
export const clock = (time) => new Date(time).toLocaleTimeString("en-GB");

/** noun agrees with a number. */
export const noun = (n, one) => (n === 1 ? one : one + "s");

/** count writes a number with its noun. */
export const count = (n, one) => `${n.toLocaleString("en")} ${noun(n, one)}`;

/**
 * update puts nodes in place of the children of parent. What is as it was stays
 * there, so that nothing vanishes under a pointer or loses the focus; depth says
 * how far down that is looked for, in nodes with the same data-id.
 */
export function update(parent, made, depth = 1) {
  made.forEach((node, i) => {
    const old = parent.children[i];
    if (!old) parent.append(node);
    else if (old.isEqualNode(node)) return;
    else if (depth && old.dataset.id === node.dataset.id && old.className === node.className) update(old, [...node.children], depth - 1);
    else old.replaceWith(node);
  });
  while (parent.children.length > made.length) parent.lastElementChild.remove();
}

/** choices fills a select and keeps what was chosen. */
export function choices(select, names, first) {
  const chosen = select.value;
  update(select, [
    ...(first === undefined ? [] : [el("option", { value: "" }, first)]),
    ...names.map((name) => el("option", { value: name }, visible(name))),
  ], 0);
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
}
