"""A font that is always there, and small things to write with it."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.synthetic.fonts import FontSet
from kuzushiji_submit.synthetic.hand import Hand, HandStyle

GREEK = tuple(f"U+{code:04X}" for code in range(0x3B1, 0x3C9) if code != 0x3C2)
UNHELD = "U+4E00"


@pytest.fixture(scope="session")
def font_path() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@pytest.fixture(scope="session")
def fonts(font_path: Path) -> FontSet:
    return FontSet([font_path])


@pytest.fixture
def hand(fonts: FontSet) -> Hand:
    return Hand(fonts, HandStyle(face_weights=(1.0,), joining=0.0, dryness=0.0), (7,))


def greek_page(image_id: str, rows: int = 6, columns: int = 4, seed: int = 0) -> PageTruth:
    """Columns of Greek letters of about 40 pixels on a page of about 400 x 600."""
    rng = np.random.default_rng(seed)
    boxes, codepoints = [], []
    for column in range(columns):
        for row in range(rows):
            x, y = 60 + 80 * column + rng.integers(8), 60 + 52 * row + rng.integers(4)
            boxes.append((x, y, x + rng.integers(26, 46), y + rng.integers(34, 48)))
            codepoints.append(GREEK[int(rng.integers(len(GREEK)))])
    return PageTruth(image_id, tuple(codepoints), np.array(boxes, np.float32).reshape(-1, 4))


@pytest.fixture
def layout_csv(tmp_path: Path) -> Path:
    """Three pages of two books, one of them empty."""
    path = tmp_path / "layout.csv"
    empty = PageTruth("100000001_00003_1", (), np.zeros((0, 4), np.float32))
    write_truth(path, [greek_page("100000001_00002_2"), empty, greek_page("brsk001-004", seed=1)])
    return path
