// Sorting, filtering and opening rows. The page reads the same without it.
"use strict";
const NUMBERS = new Set(["money", "count", "days", "number"]);

function value(body, column, kind) {
  const said = body.rows[0].cells[column].textContent.trim();
  return NUMBERS.has(kind) && said ? Number(said.replaceAll(",", "")) : said.toLowerCase();
}

function sort(table, header, column) {
  const up = header.getAttribute("aria-sort") === "descending" ||
    (!header.hasAttribute("aria-sort") && !NUMBERS.has(header.dataset.kind));
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const rows = [...table.tBodies].map((body) => [value(body, column, header.dataset.kind), body]);
  rows.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // nothing stands last either way
    return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
  });
  const foot = table.tFoot;
  const all = document.createDocumentFragment();
  for (const [, body] of rows) all.append(body);
  table.insertBefore(all, foot);
}

function sortable(table) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(table, header, column));
    header.append(button);
  });
}

function filterable(table, before) {
  const box = document.createElement("div");
  box.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter these rows";
  input.setAttribute("aria-label", "Filter these rows");
  const said = document.createElement("output");
  const texts = new Map();
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const body of table.tBodies) {
      if (!texts.has(body)) texts.set(body, body.textContent.toLowerCase());
      body.hidden = !words.every((word) => texts.get(body).includes(word));
      left += !body.hidden;
    }
    const all = table.tBodies.length;
    said.textContent = words.length ? `${left.toLocaleString("en")} of ${all.toLocaleString("en")} rows; the foot sums all` : "";
  });
  box.append(input, said);
  before.before(box);
}

function openable(body) {
  const more = body.rows[1];
  if (!more) return;
  const details = more.querySelector("details");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "open";
  const show = (open) => {
    details.open = open;
    more.hidden = !open;
    button.setAttribute("aria-expanded", open);
    button.setAttribute("aria-label", open ? "Close" : `Open: ${details.querySelector("summary").textContent}`);
  };
  button.addEventListener("click", () => show(more.hidden));
  body.rows[0].cells[0].prepend(button);
  show(false);
}

for (const table of document.querySelectorAll("table.rows")) {
  for (const body of table.tBodies) openable(body);
  if (table.tBodies.length > 1) sortable(table);
  if (table.tBodies.length > 8) filterable(table, table.closest(".scroll"));
}
