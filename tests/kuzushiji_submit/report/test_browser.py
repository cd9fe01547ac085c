"""The report in a real browser, where one is installed."""

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


@pytest.mark.parametrize(("name", "least"), [("index.html", 5), (f"pages/{SCORED}.html", 4)])
def test_nothing_is_fetched_from_elsewhere(name, least, report, origin, tmp_path):
    probed = probe(report.parent / name, "")
    dom = open_url(f"{origin}/{probed.relative_to(report.parent)}", tmp_path / "profile")
    found = re.search(r'data-loaded="([^"]*)"', dom)
    assert found
    loaded = json.loads(found.group(1).replace("&quot;", '"'))
    assert len(loaded) >= least
    assert all(address.startswith(origin) for address in loaded), loaded
