"""The report in a real browser, where one is installed."""

import html
import json
import re
import shlex
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kuzushiji_submit.report.build_report import build_report
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.model import PageOutcome, PagePlan
from kuzushiji_submit.report.render_index import IndexContent, render_index

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCORED = "100-00001_1"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")]

FLAGS = """--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking
--disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=3000 --dump-dom"""

# What a reader would do, said on the console when done, and what the browser fetched for it.
PROBE = """<script>addEventListener("load", () => setTimeout(() => {
  const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  STEPS
  document.body.dataset.loaded = JSON.stringify(performance.getEntriesByType("resource").map((entry) => entry.name));
  console.info("probe done");
}, 100));</script></body>"""


def probe(path: Path, steps: str) -> Path:
    probed = path.with_name(f"probed-{path.name}")
    probed.write_text(path.read_text("utf-8").replace("</body>", PROBE.replace("STEPS", steps)), "utf-8")
    return probed


def open_url(url: str, profile: Path) -> str:
    """The document after its scripts ran without a word on the console."""
    command = [str(BROWSER), *shlex.split(FLAGS), f"--user-data-dir={profile}", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = re.findall(r'CONSOLE[^"]*"(.*?)", source', done.stderr)
    assert console == ["probe done"], done.stderr
    return done.stdout


def open_page(path: Path, profile: Path, fragment: str = "", steps: str = "") -> str:
    return open_url(probe(path, steps).as_uri() + fragment, profile)


def told(dom: str, name: str) -> list:
    """What a probe's steps left in the document."""
    found = re.search(rf'data-{name}="([^"]*)"', dom)
    assert found
    return json.loads(html.unescape(found.group(1)))


@pytest.fixture
def report(sample):
    summary = build_report(
        images=sample.images,
        submission=sample.submission,
        out=sample.root / "out",
        truth=sample.truth,
        characters=sample.characters,
        show_progress=False,
    )
    return summary.index


def test_a_page(report, tmp_path):
    steps = 'press("e"); press("b"); press("t"); press("h");'
    dom = open_page(report.parent / "pages" / f"{SCORED}.html", tmp_path / "profile", "#p1", steps)
    kinds = {kind: dom.count(f'class="mark {kind}') for kind in ("hit", "misread", "extra", "false-alarm", "missed")}
    assert kinds == {"hit": 2, "misread": 1, "extra": 1, "false-alarm": 1, "missed": 1}
    assert re.findall(r'<g id="(\w+)" class="mark [a-z-]+ current"', dom) == ["p2"]  # the error after p1
    sheet = re.search(r'<div class="([^"]*)" id="sheet" data-text="(\w+)"', dom)
    assert sheet
    assert set(sheet.group(1).split()) == {"sheet", "no-boxes", "hide-hit"}
    assert sheet.group(2) == "over"
    inspector = dom[dom.index('id="inspector"') :]
    assert all(word in inspector for word in ("misread", "ほ", "U+307B", "U+306F", "0.750", "U+306B 0.125", "20, 100"))


def test_the_index(report, tmp_path):
    steps = "document.querySelector('#pages th:nth-child(4) button').click();"
    dom = open_page(report, tmp_path / "profile", steps=steps)
    pages = dom[dom.index('<section id="pages">') :]
    assert 'aria-sort="descending"' in pages
    assert re.findall(r'<th scope="row" data-key="([^"]*)"', pages) == [SCORED, "200-00001_1"]
    steps += steps
    dom = open_page(report, tmp_path / "profile", steps=steps)
    pages = dom[dom.index('<section id="pages">') :]
    assert re.findall(r'<th scope="row" data-key="([^"]*)"', pages) == ["200-00001_1", SCORED]


def test_from_character_to_character(report, tmp_path):
    steps = """const seen = [];
      const stroke = () => getComputedStyle(document.querySelector(".current .area")).strokeWidth;
      const at = () => [document.activeElement.id, stroke()];
      for (const key of ["j", "j", "k", "k", "k", "h", "j"]) { press(key); seen.push(at()); }
      document.querySelector("a[rel=contents]").addEventListener("click", (event) => {
        seen.push(["index"]);
        event.preventDefault();
      });
      press("i");
      document.body.dataset.seen = JSON.stringify(seen);"""
    dom = open_page(report.parent / "pages" / f"{SCORED}.html", tmp_path / "profile", steps=steps)
    visited = [place for place, *_ in told(dom, "seen")]
    assert visited[:3] == ["p0", "p1", "p0"]
    assert visited[3:5] == ["t3", "p4"], "round from the first to the last one"
    assert visited[6:] == ["t3", "index"], "hits are hidden, so passed over"
    assert {width for _, *widths in told(dom, "seen") for width in widths} == {"4px"}, "the current one is marked"


@pytest.fixture
def thousand(report, points):
    """The index of a thousand pages of fifty books in the report's place; their own files are not needed."""
    names = [f"{100 + number // 20}-{number % 20 + 1:05d}_1" for number in range(1000)]
    pages = [PagePlan(name, name[:3], name, points(name, ("U+306F", 1, 1)), None, None, ()) for name in names]
    outcomes = {name: PageOutcome((), None) for name in names}
    report.write_text(
        render_index(IndexContent("many.csv", None, pages, outcomes, (), 0, frozenset()), Glyphs()), "utf-8"
    )
    return report


def test_of_a_thousand_pages_some_are_laid_out_and_all_are_found(thousand, tmp_path):
    steps = """const seen = [];
      const rows = () => Array.from(document.querySelectorAll("#pages tbody tr")).filter((row) => row.offsetParent);
      const see = () => seen.push([rows().length, document.activeElement.textContent || document.activeElement.id]);
      const type = (text) => {
        document.activeElement.value = text;
        document.activeElement.dispatchEvent(new Event("input"));
      };
      see();
      press("/"); see();
      type("149-"); see();
      for (const key of ["ArrowDown", "ArrowDown", "End", "ArrowDown", "Home"]) { press(key); see(); }
      seen.push(getComputedStyle(document.activeElement).outlineStyle);
      press("/"); type("");
      const heading = document.querySelector("#pages th button");
      heading.click(); heading.click();
      seen.push(rows()[0].textContent.trim().slice(0, 11));
      document.querySelector("#books tbody a").click();
      seen.push([rows().length, document.getElementById("found").value]);
      document.body.dataset.seen = JSON.stringify(seen);"""
    dom = open_page(thousand, tmp_path / "profile", steps=steps)
    first, typing, matching, *walked, outline, sorted_first, book = told(dom, "seen")
    assert first[0] == 100
    assert typing == [100, "find"]
    assert matching == [20, "find"]
    assert [name for _, name in walked] == [f"149-{number:05d}_1" for number in (1, 2, 20, 20, 1)]
    assert outline == "solid"
    assert sorted_first == "149-00020_1"
    assert book == [20, "20 of 1,000"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def origin(report):
    """The report on a local server, because a browser keeps no record of what it loads from files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=report.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ["index.html", f"pages/{SCORED}.html"])
def test_a_telephone_shows_the_whole_width(name, report, origin, tmp_path):
    outer = report.with_name("telephone.html")
    outer.write_text(f'<body><iframe width="360" height="740" src="{name}"></iframe></body>', "utf-8")
    steps = """const inner = document.querySelector("iframe").contentDocument.documentElement;
      inner.querySelectorAll("details").forEach((details) => (details.open = true));
      document.body.dataset.widths = JSON.stringify([inner.clientWidth, inner.scrollWidth]);"""
    probed = probe(outer, steps)
    dom = open_url(f"{origin}/{probed.name}", tmp_path / "profile")
    shown, needed = told(dom, "widths")
    assert 320 < shown <= 360, "all but a scroll bar"
    assert needed == shown


@pytest.mark.parametrize(("name", "least"), [("index.html", 6), (f"pages/{SCORED}.html", 4)])
def test_nothing_is_fetched_from_elsewhere(name, least, report, origin, tmp_path):
    probed = probe(report.parent / name, "")
    dom = open_url(f"{origin}/{probed.relative_to(report.parent)}", tmp_path / "profile")
    loaded = told(dom, "loaded")
    assert len(loaded) >= least
    assert all(address.startswith(origin) for address in loaded), loaded
