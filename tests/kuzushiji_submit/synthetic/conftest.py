"""A font that is always there, and small things to write with it."""

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.synthetic.fonts import FontFace, FontSet
from kuzushiji_submit.synthetic.hand import Hand, HandStyle
from kuzushiji_submit.synthetic.types import Image, as_uint8

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


def greek_image(page: PageTruth) -> Image:
    """The letters of a page in dark ink on paper, each as large as its box."""
    height, width = (
        (page.boxes[:, 3].max(initial=0) + 60, page.boxes[:, 2].max(initial=0) + 60) if len(page) else (9, 9)
    )
    ink = np.zeros((int(height), int(width)), np.uint8)
    face = FontFace(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for codepoint, box in zip(page.codepoints, page.boxes.astype(int).tolist(), strict=True):
        x0, y0, x1, y1 = box
        glyph = face.glyph(chr(int(codepoint[2:], 16)), 96).mask
        ink[y0:y1, x0:x1] = cv2.resize(glyph, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    paper = np.array((235, 220, 180), np.float32)
    return as_uint8(paper * (1 - 0.8 * ink[..., None].astype(np.float32) / 255))


def write_real_folder(root: Path, pages: list[PageTruth]) -> Path:
    """A data folder of made-up real pages."""
    folder = DataFolder(root)
    folder.train_images.mkdir(parents=True)
    write_truth(folder.train_csv, pages)
    for page in pages:
        cv2.imwrite(str(folder.train_images / f"{page.image_id}.png"), greek_image(page)[..., ::-1])
    return root
