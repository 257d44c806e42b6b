"use strict";
(function () {
  const checks = Array.from(document.querySelectorAll("details.check"));
  const form = document.getElementById("page-filter");
  const search = document.getElementById("page-search");
  const boxes = Array.from(form.querySelectorAll("input[type=checkbox]"));
  const shown = document.getElementById("page-shown");
  const groups = Array.from(document.querySelectorAll("details.group"));

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const standings = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
    let n = 0;
    for (const c of checks) {
      const show = standings.has(c.dataset.standing) && words.every((w) => c.dataset.search.includes(w));
      c.hidden = !show;
      if (show) n++;
    }
    for (const g of groups) {
      g.hidden = !g.querySelector("details.check:not([hidden])");
      if (words.length && !g.hidden) g.open = true;
    }
    for (const s of document.querySelectorAll("section.response")) {
      s.hidden = n < checks.length && !s.querySelector("details.check:not([hidden])");
    }
    shown.value = (n === checks.length ? "" : n + " of ") + checks.length + (checks.length === 1 ? " check" : " checks");
  }

  // A link to a check shows it, whatever the filter and however it is folded.
  function reveal() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target || !target.matches("details.check, section.response")) return;
    if (target.hidden || target.closest("[hidden]")) {
      search.value = "";
      for (const b of boxes) b.checked = true;
      filter();
    }
    for (let e = target; e; e = e.parentElement) if (e.matches("details")) e.open = true;
    target.scrollIntoView();
  }

  function fold(open) {
    for (const d of checks.concat(groups)) if (!d.hidden) d.open = open;
  }

  for (const b of document.querySelectorAll("button.copy")) {
    if (!navigator.clipboard) break;
    b.hidden = false;
    b.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(b.previousElementSibling.textContent);
        b.textContent = "Copied";
      } catch {
        b.textContent = "Not allowed";
      }
      setTimeout(() => { b.textContent = "Copy"; }, 1500);
    });
  }

  form.hidden = false;
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("input", filter);
  document.getElementById("page-unfold").addEventListener("click", () => fold(true));
  document.getElementById("page-fold").addEventListener("click", () => fold(false));
  addEventListener("hashchange", reveal);
  filter();
  reveal();
})();
