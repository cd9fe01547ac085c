"""A notebook in a real Jupyter kernel reads a page and shows it."""

import os
import re
from pathlib import Path

import pytest

import kuzushiji_submit

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SAMPLE = Path(next(iter(kuzushiji_submit.__path__))) / "sample" / "test_images" / "918680001_00004_2.jpg"
CELLS = (
    "import kuzushiji_submit",
    f"page = kuzushiji_submit.read({str(SAMPLE)!r}, device='cpu')",
    "page",
    "page.text",
    "page.table()",
    "%matplotlib inline\npage.plot();",
)


@pytest.fixture
def outputs(monkeypatch, tmp_path):
    """What each cell shows, by MIME type."""
    root = str(Path(next(iter(kuzushiji_submit.__path__))).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources).execute()
    return [[output["data"] for output in cell.outputs if "data" in output] for cell in notebook.cells]


def test_six_lines_read_a_page_and_show_it(outputs):
    imported, read, shown, text, table, plot = outputs
    assert imported == read == []
    assert "data:image/jpeg;base64," in shown[0]["text/html"]
    count = shown[0]["text/html"].count("<rect")
    assert re.search(r"871 x 1400 pixels, (\d+) characters", shown[0]["text/plain"])[1] == str(count)
    assert count > 50
    assert text[0]["text/plain"].count(r"\n") > 5
    assert f"{count} rows" in table[0]["text/html"]
    assert any("image/png" in data for data in plot)
