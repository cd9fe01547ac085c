"use strict";
// Sorts a table by the column whose heading is pressed: numbers largest first, text in ascending order, then reversed.
(() => {
  const keyOf = (row, column) => row.cells[column].dataset.key;

  const compare = (numeric, sign) => (left, right) => {
    if (left.key === undefined || right.key === undefined) {
      return (left.key === undefined) - (right.key === undefined); // nothing to compare by: always last
    }
    const difference = numeric ? Number(left.key) - Number(right.key) : left.key.localeCompare(right.key);
    return sign * difference;
  };

  const sort = (heading, button) => {
    const table = heading.closest("table");
    const body = table.tBodies[0];
    const numeric = button.dataset.sort === "number";
    const before = heading.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : numeric;
    table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = Array.from(body.rows, (row) => ({ row, key: keyOf(row, heading.cellIndex) }));
    rows.sort(compare(numeric, descending ? -1 : 1));
    body.append(...rows.map((entry) => entry.row));
    table.dispatchEvent(new Event("sorted"));
  };

  document.querySelectorAll("table.sortable thead button").forEach((button) => {
    button.addEventListener("click", () => sort(button.closest("th"), button));
  });
})();
