import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from detection.dense.inference import DenseConfig, DensePageReader
from detection.dense.network import DenseReader
from detection.dense.weights_file import DenseCalibration, DenseMetadata, save_dense
from kuzushiji_submit.core.page.prepared import prepare_page, take_levelled
from tests.detection.dense.conftest import CHARSET, TINY, glyph_page
from tests.properties import examples

NO_BOXES = np.zeros((0, 4), np.float32)
BLANK = take_levelled(np.full((600, 500, 3), 255, np.uint8))


class Widths(nn.Module):
    """Says how wide each box is, and notes the parts that it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[int, int, int]] = []

    def forward(self, pages: Tensor, boxes: Tensor, present: Tensor) -> Tensor:
        self.shown.append((pages.shape[2], pages.shape[3], int(present.sum())))
        return (boxes[..., 2:] - boxes[..., :2]).repeat(1, 1, 2)[present]


def read(network: nn.Module, page: np.ndarray, boxes: np.ndarray, **settings: object) -> np.ndarray:
    reader = DensePageReader(network, CHARSET, DenseConfig(**settings), "cpu")
    return reader.logits(prepare_page(page), boxes)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_pixels": 63}, "max_pixels must be at least 64"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"temperature": -1.0}, "temperature must be above 0"),
        ({"temperature": float("nan")}, "temperature must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DenseConfig(**values)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 40, 3), (1, 1, 3), (300, 200, 3)])
def test_no_boxes(network: DenseReader, shape: tuple[int, ...]) -> None:
    said = read(network, np.full(shape, 220, np.uint8), NO_BOXES)
    assert said.shape == (0, len(CHARSET))
    assert said.dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "box"),
    [((0, 0, 3), (0, 0, 9, 9)), ((90, 90, 3), (30, 30, 30, 60)), ((90, 90, 3), (60, 60, 30, 30))],
    ids=["no page", "flat", "inverted"],
)
def test_where_nothing_can_be_said_every_character_is_alike(
    network: DenseReader, shape: tuple[int, ...], box: tuple[float, ...]
) -> None:
    said = read(network, np.full(shape, 220, np.uint8), np.array([box], np.float32))
    assert said.tolist() == [[0.0] * len(CHARSET)]


def test_boxes_without_area_take_nothing_from_the_others(network: DenseReader) -> None:
    page, boxes, _ = glyph_page()
    odd = np.array([(50, 50, 50, 90), (-400, -400, -390, -390), (5000, 5000, 5030, 5030)], np.float32)
    with_odd = read(network, page, np.concatenate([boxes, odd[:1]]))
    np.testing.assert_allclose(with_odd[: len(boxes)], read(network, page, boxes), atol=1e-5)
    assert np.isfinite(read(network, page, np.concatenate([boxes, odd]))).all()


@pytest.mark.parametrize("size", [16, 36, 72])
def test_characters_are_brought_to_the_size_that_the_network_knows(size: int) -> None:
    page, boxes, _ = glyph_page(size=size)
    said = read(Widths(), page, boxes)
    np.testing.assert_allclose(said, min(32.0, 1.5 * size), rtol=0.02)


def test_characters_of_a_hair_do_not_blow_the_page_up() -> None:
    widths = Widths()
    read(widths, np.full((60, 40, 3), 220, np.uint8), np.array([(10, 10, 10.001, 10.001)], np.float32))
    assert widths.shown == [(96, 64, 1)]


def test_a_page_at_another_size_is_read_about_alike(network: DenseReader) -> None:
    page, boxes, _ = glyph_page()
    twice = np.asarray(cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    first, second = read(network, page, boxes), read(network, twice, 2 * boxes)
    assert np.abs(first - second).mean() < 0.2 * first.std()


def test_parts_of_a_page_say_about_what_the_whole_says(network: DenseReader) -> None:
    page, boxes, _ = glyph_page(columns=12, rows=9)
    whole = read(network, page, boxes)
    in_parts = read(network, page, boxes, max_pixels=300 * 300)
    assert not np.array_equal(whole, in_parts)
    assert np.abs(whole - in_parts).mean() < 0.05 * whole.std()


@examples(40)
@given(
    boxes=st.lists(st.tuples(st.floats(-99, 700), st.floats(-99, 700)), max_size=30),
    max_pixels=st.sampled_from([64, 256 * 256, 300 * 320, 10**7]),
)
def test_every_box_is_read_exactly_once(boxes: list[tuple[float, float]], max_pixels: int) -> None:
    widths = Widths()
    corners = np.array(boxes, np.float32).reshape(-1, 2)
    sized = np.concatenate([corners, corners + 32], axis=1)
    reader = DensePageReader(widths, CHARSET, DenseConfig(max_pixels=max_pixels), "cpu")
    said = reader.logits(BLANK, sized)
    assert sum(count for *_, count in widths.shown) == len(boxes)
    np.testing.assert_allclose(said, 32, rtol=0.02)
    largest = max(max_pixels, 256 * 256)
    assert all(height * width <= largest or largest > 600 * 500 for height, width, _ in widths.shown)


def test_the_order_of_boxes_does_not_matter(network: DenseReader) -> None:
    page, boxes, _ = glyph_page()
    order = np.random.default_rng(0).permutation(len(boxes))
    np.testing.assert_allclose(read(network, page, boxes[order]), read(network, page, boxes)[order], atol=1e-5)


def test_logits_are_divided_by_the_file_s_temperature(network: DenseReader, tmp_path: Path) -> None:
    page, boxes, _ = glyph_page()
    path = tmp_path / "dense.safetensors"
    plain = DenseMetadata(TINY, CHARSET)
    said = {}
    for temperature in (1.0, 4.0):
        calibrated = dataclasses.replace(plain, calibration=DenseCalibration(temperature))
        save_dense(path, network.state_dict(), calibrated, overwrite=True)
        reader = DensePageReader.load(path, DenseConfig(temperature=9.0), "cpu")
        assert reader.config.temperature == temperature
        assert reader.charset == CHARSET
        said[temperature] = reader.logits(prepare_page(page), boxes)
    np.testing.assert_allclose(said[4.0], said[1.0] / 4, rtol=1e-5)


def test_16_bits_say_about_the_same(network: DenseReader) -> None:
    page, boxes, _ = glyph_page()
    full, half = (read(network, page, boxes, half=half) for half in (False, True))
    assert half.dtype == np.float32
    assert not np.array_equal(full, half)
    assert np.abs(full - half).mean() < 0.1 * full.std()


def test_reading_leaves_no_trace(network: DenseReader) -> None:
    page, boxes, _ = glyph_page()
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first, second = read(network, page, boxes), read(network, page, boxes)
    np.testing.assert_array_equal(first, second)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
