"use strict";
const filter = document.getElementById("filter");
const words = document.getElementById("words");
const shown = document.getElementById("shown");
const cases = Array.from(document.querySelectorAll("details.case"));
const boxes = Array.from(filter.querySelectorAll("input[type=checkbox]"));
function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const standings = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  let count = 0;
  for (const one of cases) {
    const text = one.dataset.text;
    one.hidden = !standings.has(one.dataset.standing) || !wanted.every((word) => text.includes(word));
    count += one.hidden ? 0 : 1;
  }
  shown.textContent = count + " of " + cases.length + " shown";
}
function follow() {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (one && one.matches("details.case")) {
    one.hidden = false;
    one.open = true;
    one.scrollIntoView();
  }
}
filter.hidden = false;
filter.addEventListener("input", apply);
window.addEventListener("hashchange", follow);
apply();
follow();
