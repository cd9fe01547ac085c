"use strict";
// The table of pages: a part of its rows at once, a field that finds pages, and the keyboard.
//
//   all rows, as sorted ──▶ those that match what is typed ──▶ the first `limit` of them are shown, the others are "later"
//                                                              └─ more when the reader scrolls to the end, or asks
(() => {
  const table = document.querySelector("#pages table");
  const body = table.tBodies[0];
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  const atOnce = Number(more.dataset.rows);
  const names = new Map();
  let limit = atOnce;
  let matching = [];

  const nameOf = (row) => {
    if (!names.has(row)) names.set(row, row.textContent.toLowerCase());
    return names.get(row);
  };
  const refresh = () => {
    const wanted = find.value.trim().toLowerCase();
    const rows = Array.from(body.rows);
    matching = wanted ? rows.filter((row) => nameOf(row).includes(wanted)) : rows;
    const shown = new Set(matching.slice(0, limit));
    rows.forEach((row) => row.classList.toggle("later", !shown.has(row)));
    const counted = (count) => count.toLocaleString("en");
    found.value = wanted ? `${counted(matching.length)} of ${counted(rows.length)}` : "";
    more.hidden = matching.length <= limit;
  };
  const showMore = (count) => {
    limit = Math.max(limit, count);
    refresh();
  };
  const search = () => {
    limit = atOnce;
    refresh();
  };

  // From row to row; a row that is not shown yet is shown first.
  const goTo = (place) => {
    const next = Math.min(Math.max(place, 0), matching.length - 1);
    if (next < 0) return;
    if (next >= limit) showMore(next + atOnce);
    matching[next].querySelector("th a").focus();
  };
  const moves = {
    ArrowDown: (place) => place + 1,
    ArrowUp: (place) => place - 1,
    Home: () => 0,
    End: () => matching.length - 1,
  };
  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    goTo(moves[event.key](matching.indexOf(event.target.closest("tr"))));
  });
  find.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    goTo(0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === find) return;
    event.preventDefault();
    find.focus();
    find.select();
  });

  document.querySelectorAll("a[data-find]").forEach((link) => {
    link.addEventListener("click", () => {
      find.value = link.dataset.find;
      search();
    });
  });
  find.addEventListener("input", search);
  table.addEventListener("sorted", search);
  more.addEventListener("click", () => showMore(limit + atOnce));
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) showMore(limit + atOnce);
  }, { rootMargin: "0px 0px 400px" }).observe(more);
  table.classList.add("partly");
  refresh(); // what a browser kept in the field when the reader came back
})();
