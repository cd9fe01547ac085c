"""The API reference is made of the docstrings without a warning, and has every room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_is_made_without_a_warning(tmp_path):
    pytest.importorskip("pdoc")
    command = ["bash", str(ROOT / "scripts" / "api_reference.sh"), str(tmp_path / "api")]
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    made = tmp_path / "api"
    assert "kuzushiji_submit.html" in (made / "index.html").read_text("utf-8")
    rooms = {path.parent.name for path in (ROOT / "kuzushiji_submit").glob("*/__init__.py")}
    assert {path.stem for path in (made / "kuzushiji_submit").glob("*.html")} >= rooms
    page = (made / "kuzushiji_submit" / "report" / "build_report.html").read_text("utf-8")
    assert 'class="docstring"' in page
    assert "<h6" in page, "sections of google-style docstrings are set as such"
