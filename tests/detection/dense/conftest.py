"""Fixtures of the dense reader's tests: pages of four shapes, and a network of a few weights."""

import numpy as np
import pytest
import torch

from detection.dense.network import DenseReader, DenseReaderConfig
from detection.heatmap.network import HeatmapNetConfig
from kuzushiji_submit.core.charset import Charset
from tests.drawn_pages import DrawnPage
from tests.one_thread import one_thread  # noqa: F401 - a fixture of every test here

TINY = DenseReaderConfig(
    body=HeatmapNetConfig(widths=(4, 6, 8, 8, 8), depths=(1, 2, 1, 1), pyramid=6), hidden=24, embedding=12, dropout=0.0
)
CHARSET = Charset(("U+306E", "U+306F", "U+4E00", "U+4E8C"))
"""A character for each shape that `DrawnPage.glyph` draws."""
Glyphs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""A page uint8 (H, W, 3), and the boxes float32 (N, 4) and classes int64 (N,) of what is drawn on it."""


def glyph_page(columns: int = 4, rows: int = 5, size: int = 36, seed: int = 0) -> Glyphs:
    """A page of shapes by chance, in a lattice."""
    pitch = round(1.6 * size)
    page = DrawnPage.blank(rows * pitch + size, columns * pitch + size, seed=seed)
    ids = np.random.default_rng(seed).integers(0, len(CHARSET), rows * columns)
    boxes = []
    for place, shape in enumerate(ids.tolist()):
        x, y = size + place % columns * pitch, size + place // columns * pitch
        page.glyph(x, y, size, shape=shape)
        boxes.append((x, y, x + size, y + size))
    return page.image, np.array(boxes, np.float32).reshape(-1, 4), ids


def make_network(seed: int = 0, classes: int = len(CHARSET)) -> DenseReader:
    """A network whose answers depend on the page, as those of a fresh one hardly do."""
    torch.manual_seed(seed)
    network = DenseReader(TINY, classes)
    with torch.no_grad():
        network.classifier.weight.normal_(std=2.0)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture
def network() -> DenseReader:
    return make_network()
