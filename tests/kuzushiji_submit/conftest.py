"""Pages, weights and a pipeline small enough for a test."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from detection.dense.weights_file import DenseMetadata, save_dense
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.book_hand import HandConfig
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.pipeline import Pipeline
from recognition.column.network import ColumnNetwork, ColumnNetworkConfig
from recognition.column.weights_file import ColumnMetadata, save_column
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata
from tests.detection.dense.conftest import TINY, make_network

CODEPOINTS = ("U+306E", "U+306F", "U+4E00")


def _draw_page(columns: int, rows: int = 6, seed: int = 0):
    """A page of crosses in vertical columns, uint8 (900, 700, 3), and their boxes, int xyxy."""
    rng = np.random.default_rng(seed)
    page = np.full((900, 700, 3), (226, 214, 188), np.uint8)
    page = (page + rng.normal(0, 3, page.shape)).clip(0, 255).astype(np.uint8)
    boxes = []
    for column in range(columns):
        for row in range(rows):
            x, y = 560 - column * 110, 90 + row * 120
            cv2.line(page, (x, y), (x + 70, y + 70), (30, 25, 20), 12)
            cv2.line(page, (x + 70, y), (x, y + 70), (30, 25, 20), 12)
            boxes.append((x - 6, y - 6, x + 77, y + 77))
    return page, boxes


@pytest.fixture(scope="session")
def draw_page():
    """The function that draws a test page."""
    return _draw_page


def save_page(path: Path, page) -> None:
    """Writes an RGB page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), page[:, :, ::-1])


@pytest.fixture(scope="session")
def save_drawn_page():
    """The function that writes an RGB page."""
    return save_page


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A weights file of an untrained recognizer of three characters."""
    torch.manual_seed(0)
    config = KuzuCharRecConfig(stage_widths=(4, 4, 4))
    path = tmp_path_factory.mktemp("weights") / "recognizer.safetensors"
    metadata = WeightsMetadata(config, Charset(CODEPOINTS))
    save_weights(path, build_model(config, len(CODEPOINTS)).state_dict(), metadata)
    return path


@pytest.fixture(scope="session")
def dense_weights(tmp_path_factory) -> Path:
    """A weights file of an untrained dense reader of the same characters, in another order."""
    charset = Charset(CODEPOINTS[::-1])
    path = tmp_path_factory.mktemp("dense") / "dense.safetensors"
    save_dense(path, make_network(1, len(charset)).state_dict(), DenseMetadata(TINY, charset))
    return path


def write_column_model(folder: Path, codepoints: Sequence[str] = CODEPOINTS[::-1]) -> Path:
    """Writes a weights file of an untrained column model, of the same characters in another order."""
    torch.manual_seed(0)
    config = ColumnNetworkConfig(width=8, layers=1, heads=2, window=4)
    network = ColumnNetwork(config, len(codepoints))
    torch.nn.init.normal_(network.bias, std=3)
    path = folder / "column.safetensors"
    save_column(path, network.state_dict(), ColumnMetadata(config, Charset(tuple(codepoints))))
    return path


@pytest.fixture(scope="session")
def column_model(tmp_path_factory) -> Path:
    """The weights file of an untrained column model."""
    return write_column_model(tmp_path_factory.mktemp("column"))


@pytest.fixture
def pipeline(weights) -> Pipeline:
    """The ink detector and the untrained recognizer, which reads each page by itself."""
    return load_pipeline(PipelineConfig(hand=HandConfig(enabled=False)), [weights], [], "cpu")


@pytest.fixture
def pages(tmp_path) -> Path:
    """A folder of three pages: 12 crosses, none, 6 crosses."""
    folder = tmp_path / "pages"
    for name, columns in (("b_1", 2), ("b_2", 0), ("b_3", 1)):
        save_page(folder / f"{name}.jpg", _draw_page(columns)[0])
    return folder
