"""The Python that the pages show runs as it stands."""

import shutil
from pathlib import Path

import pytest

import kuzushiji_submit
from tests.docs_pages import PAGES, blocks, name_of

SAMPLE = Path(next(iter(kuzushiji_submit.__path__))) / "sample" / "test_images"
BLOCKS = [(name_of(page), block) for page in PAGES for block in blocks(page, "python")]


def test_there_are_blocks():
    assert "README.md" in {page for page, _ in BLOCKS}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[page for page, _ in BLOCKS])
def test_it_runs(page, block, tmp_path, monkeypatch):
    shutil.copy(next(iter(sorted(SAMPLE.glob("*.jpg")))), tmp_path / "page.jpg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(block, page, "exec"), names)
    assert names["page"].text.strip()
