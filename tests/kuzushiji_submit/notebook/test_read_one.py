"""A page read from Python."""

import subprocess
import sys

import numpy as np
import pytest

import kuzushiji_submit
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.notebook import read_one as module
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.load_pipeline import PipelineConfig

EVERYTHING = PipelineConfig(min_score=0.0)


@pytest.fixture
def read(weights, monkeypatch, tmp_path):
    """Reads with the untrained recognizer and the ink detector."""
    monkeypatch.setattr(default_weights, "DETECTOR_WEIGHTS", tmp_path / "none.safetensors")
    module._pipeline.cache_clear()
    yield lambda page, **options: kuzushiji_submit.read(
        page, **{"device": "cpu", "recognizer_weights": weights, "config": EVERYTHING, **options}
    )
    module._pipeline.cache_clear()


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, kuzushiji_submit; sys.exit(bool({'numpy', 'torch', 'PIL', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_path_an_image_and_an_array_are_the_same_page(read, pages):
    page = read(pages / "b_1.jpg")
    assert (page.name, len(page), page.reading.image_id) == ("b_1.jpg", 12, "b_1")
    assert page.pixels.shape == (900, 700, 3)
    again = read(page.pixels)
    assert np.array_equal(again.boxes, page.boxes)
    assert again.codepoints == page.codepoints


def test_it_reads_as_the_pipeline_does(read, pages, pipeline):
    page = read(pages / "b_3.jpg")
    (expected,) = pipeline.with_min_score(0.0).read([("b_3", page.pixels)])
    assert np.array_equal(page.boxes, expected.boxes)


def test_a_page_without_characters_is_a_page(read, pages):
    page = read(str(pages / "b_2.jpg"))
    assert (len(page), page.text, page.codepoints) == (0, "", ())


def test_the_networks_are_loaded_once(read, pages):
    read(pages / "b_2.jpg")
    read(pages / "b_3.jpg")
    assert (module._pipeline.cache_info().misses, module._pipeline.cache_info().hits) == (1, 1)


def test_what_is_missing_is_named(read, pages, tmp_path):
    with pytest.raises(PageReadError, match=r"gone\.jpg: no such file"):
        read(tmp_path / "gone.jpg")
    with pytest.raises(CompetitionFileError, match="gone: no weights file"):
        read(pages / "b_1.jpg", recognizer_weights=tmp_path / "gone")
