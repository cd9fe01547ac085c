"use strict";
// One page of the report: switches, zoom, the close-up of a character, and the keyboard.
(() => {
  const pane = document.getElementById("pane");
  const sheet = document.getElementById("sheet");
  const overlay = sheet.querySelector(".overlay");
  const scan = sheet.querySelector("img.scan");
  const inspector = document.getElementById("inspector");
  const zoom = document.getElementById("zoom");
  const records = JSON.parse(document.getElementById("marks").textContent);
  const marks = Array.from(overlay.querySelectorAll(".mark"));
  const pageWidth = Number(sheet.dataset.width);
  const pageHeight = Number(sheet.dataset.height);
  const boxes = document.getElementById("boxes");
  const dim = document.getElementById("dim");
  const onlyChanged = document.getElementById("only-changed");
  const kinds = Array.from(document.querySelectorAll("input[name=kind]"));
  const texts = Array.from(document.querySelectorAll("input[name=text]"));

  // The display is kept from page to page where the browser lets a local file keep anything.
  const store = (value) => {
    try {
      localStorage.setItem("kuzushiji-report", JSON.stringify(value));
    } catch {
      /* kept for this page only */
    }
  };
  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem("kuzushiji-report")) || {};
    } catch {
      return {};
    }
  };

  // Display
  let zoomMode = "width";
  const setZoom = (percent) => {
    const middleX = (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth;
    const middleY = (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight;
    sheet.style.width = `${percent}%`;
    zoom.value = percent;
    pane.scrollLeft = middleX * pane.scrollWidth - pane.clientWidth / 2;
    pane.scrollTop = middleY * pane.scrollHeight - pane.clientHeight / 2;
  };
  const room = () => {
    const style = getComputedStyle(pane);
    return {
      width: pane.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: pane.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    };
  };
  const applyZoom = () => {
    const { width, height } = room();
    if (zoomMode === "page") {
      setZoom(Math.min(100, (100 * height * pageWidth) / pageHeight / width));
    } else if (zoomMode === "actual" && scan && scan.naturalWidth) {
      setZoom((100 * scan.naturalWidth) / width);
    } else {
      setZoom(typeof zoomMode === "number" ? zoomMode : 100);
    }
  };
  const applyDisplay = () => {
    sheet.dataset.text = (texts.find((input) => input.checked) || texts[0]).value;
    sheet.classList.toggle("no-boxes", !boxes.checked);
    sheet.classList.toggle("dim", dim.checked);
    // What was asked for on another page stays kept, but a page without any would look empty.
    sheet.classList.toggle("only-changed", onlyChanged.checked && marks.some((mark) => mark.matches(".changed")));
    kinds.forEach((input) => sheet.classList.toggle(`hide-${input.value}`, !input.checked));
  };
  const keep = () => {
    const hidden = kinds.filter((input) => !input.checked).map((input) => input.value);
    const shown = { boxes: boxes.checked, dim: dim.checked, onlyChanged: onlyChanged.checked };
    store({ text: sheet.dataset.text, ...shown, hidden, zoom: zoomMode });
  };
  const change = () => {
    applyDisplay();
    keep();
  };
  const changeZoom = (mode) => {
    zoomMode = mode;
    applyZoom();
    keep();
  };
  const restore = () => {
    const last = stored();
    texts.forEach((input) => (input.checked = input.value === (last.text || "beside")));
    boxes.checked = last.boxes !== false;
    dim.checked = last.dim === true;
    onlyChanged.checked = last.onlyChanged === true;
    kinds.forEach((input) => (input.checked = !(last.hidden || []).includes(input.value)));
    // A handscroll as wide as the window would be a hand's breadth of dust.
    zoomMode = last.zoom || (pageWidth > 2 * pageHeight ? "actual" : "width");
    applyDisplay();
    applyZoom();
  };

  // The close-up
  const element = (tag, className, content) => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = content;
    return made;
  };
  const glyph = (content) => {
    const made = element("span", "glyph", content);
    made.lang = "ja";
    return made;
  };
  const loupe = (record) => {
    const made = element("div", "loupe", "");
    const [x, y] = record.point || [0, 0];
    const box = record.box || record.truthBox || [x - 40, y - 40, x + 40, y + 40];
    const side = 1.25 * Math.max(box[2] - box[0], box[3] - box[1], 8);
    const scale = 112 / side;
    made.style.backgroundImage = `url("${scan.getAttribute("src")}")`;
    made.style.backgroundSize = `${pageWidth * scale}px ${pageHeight * scale}px`;
    const left = ((box[0] + box[2]) / 2 - side / 2) * scale;
    const top = ((box[1] + box[3]) / 2 - side / 2) * scale;
    made.style.backgroundPosition = `${-left}px ${-top}px`;
    return made;
  };
  const numbers = (values) => values.map((value) => Math.round(value)).join(", ");
  const facts = (record) => {
    const list = [];
    if (record.read) list.push(["Read", record.read[0], record.read[1]]);
    if (record.truth) list.push(["Truth", record.truth[0], record.truth[1]]);
    if (record.score !== undefined) list.push(["Score", null, record.score.toFixed(3)]);
    if (record.detection !== undefined) list.push(["Detection", null, record.detection.toFixed(3)]);
    if (record.point) list.push(["Point", null, numbers(record.point)]);
    if (record.box) list.push(["Box", null, numbers(record.box)]);
    if (record.truthBox) list.push(["True box", null, numbers(record.truthBox)]);
    const candidates = (name, readings) =>
      readings.forEach(([shown, label, score], place) => list.push([place ? "" : name, shown, `${label} ${score}`]));
    if (record.eye) candidates("Eye alone", record.eye);
    candidates(record.eye ? "With its text" : "Candidates", record.alternatives || []);
    const made = document.createElement("dl");
    made.className = "facts";
    list.forEach(([name, shown, value]) => {
      const cell = element("dd", "", "");
      if (shown !== null) cell.append(glyph(shown), " ");
      cell.append(value);
      made.append(element("dt", "", name), cell);
    });
    return made;
  };
  const show = (mark) => {
    const record = records[mark.id];
    const closeup = element("div", "closeup", "");
    if (scan) closeup.append(loupe(record));
    const words = document.createElement("div");
    const big = element("div", "big", (record.read || record.truth)[0]);
    big.lang = "ja";
    words.append(big, element("b", "", record.kind), document.createElement("br"), element("small", "", record.meaning));
    closeup.append(words);
    inspector.replaceChildren(inspector.querySelector("h2"), closeup, facts(record));
  };

  // The current character; the one stop for the tabulator key
  let current = marks[0];
  const select = (mark) => {
    marks.forEach((other) => other.classList.toggle("current", other === mark));
    if (current) current.tabIndex = -1;
    current = mark;
    current.tabIndex = 0;
    show(mark);
  };
  const goTo = (mark, block) => {
    if (!mark) return;
    mark.focus({ preventScroll: true });
    select(mark);
    mark.querySelector(".area").scrollIntoView({ block, inline: block });
  };
  const visible = (mark) => mark.querySelector(".area").getClientRects().length > 0;
  const middle = (mark) => {
    const area = mark.querySelector(".area").getBBox();
    return [area.x + area.width / 2, area.y + area.height / 2];
  };
  const neighbor = (dx, dy) => {
    const [x, y] = middle(current);
    let best = null;
    let shortest = Infinity;
    marks.filter((mark) => mark !== current && visible(mark)).forEach((mark) => {
      const [otherX, otherY] = middle(mark);
      const along = (otherX - x) * dx + (otherY - y) * dy;
      const across = Math.abs((otherX - x) * dy) + Math.abs((otherY - y) * dx);
      const distance = along + 2.5 * across;
      if (along > 0 && across <= 2 * along && distance < shortest) {
        best = mark;
        shortest = distance;
      }
    });
    return best;
  };
  const nextError = (step) => {
    const errors = marks.filter((mark) => !mark.matches(".hit, .unscored") && visible(mark));
    const place = marks.findIndex((mark) => mark.classList.contains("current"));
    const further = (mark) => (marks.indexOf(mark) - place) * step > 0;
    return step > 0 ? errors.find(further) || errors[0] : errors.findLast(further) || errors.at(-1);
  };
  const nextMark = (step) => {
    const shown = marks.filter(visible);
    const place = shown.findIndex((mark) => mark.classList.contains("current"));
    return place < 0 ? shown.at(step > 0 ? 0 : -1) : shown[(place + step + shown.length) % shown.length];
  };
  const openHash = () => {
    const mark = marks.find((candidate) => candidate.id === location.hash.slice(1));
    if (mark) {
      kinds.filter((input) => mark.classList.contains(input.value)).forEach((input) => (input.checked = true));
      if (!mark.matches(".changed")) onlyChanged.checked = false;
      applyDisplay();
      goTo(mark, "center");
    }
  };

  overlay.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(mark);
  });
  overlay.addEventListener("pointerleave", () => {
    if (current && current.classList.contains("current")) show(current);
  });
  overlay.addEventListener("click", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) select(mark);
  });
  overlay.addEventListener("focusin", (event) => {
    const mark = event.target.closest(".mark");
    if (mark && event.target.matches(":focus-visible")) select(mark);
  });

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const follow = (relation) => {
    const link = document.querySelector(`a[rel=${relation}]`);
    if (link) link.click();
  };
  const press = (input) => {
    input.checked = !input.checked;
    change();
  };
  const keys = {
    n: () => follow("next"),
    p: () => follow("prev"),
    i: () => follow("contents"),
    j: () => goTo(nextMark(1), "nearest"),
    k: () => goTo(nextMark(-1), "nearest"),
    e: () => goTo(nextError(1), "center"),
    E: () => goTo(nextError(-1), "center"),
    b: () => press(boxes),
    d: () => press(dim),
    c: () => {
      if (!onlyChanged.closest("[hidden]")) press(onlyChanged);
    },
    t: () => {
      const place = texts.findIndex((input) => input.checked);
      texts[(place + 1) % texts.length].checked = true;
      change();
    },
    h: () => {
      const hits = kinds.find((input) => input.value === "hit" || input.value === "unscored");
      if (hits) press(hits);
    },
    "+": () => changeZoom(Math.min(400, Number(zoom.value) * 1.25)),
    "-": () => changeZoom(Math.max(20, Number(zoom.value) / 1.25)),
    0: () => changeZoom("width"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inOverlay = current && overlay.contains(document.activeElement);
    if (inOverlay && arrows[event.key]) {
      event.preventDefault();
      goTo(neighbor(...arrows[event.key]), "nearest");
    } else if (inOverlay && event.key === " ") {
      event.preventDefault();
      select(current);
    } else if (Object.hasOwn(keys, event.key)) {
      keys[event.key]();
    }
  });

  [...texts, boxes, dim, onlyChanged, ...kinds].forEach((input) => input.addEventListener("change", change));
  zoom.addEventListener("input", () => changeZoom(Number(zoom.value)));
  document.getElementById("fit-page").addEventListener("click", () => changeZoom("page"));
  document.getElementById("fit-width").addEventListener("click", () => changeZoom("width"));
  document.getElementById("actual").addEventListener("click", () => changeZoom("actual"));
  window.addEventListener("resize", applyZoom);
  window.addEventListener("hashchange", openHash);
  window.addEventListener("load", () => {
    applyZoom();
    openHash();
  });
  restore();
  const first = marks.find((mark) => !mark.matches(".hit")) || marks[0];
  if (first) show(first);
})();
