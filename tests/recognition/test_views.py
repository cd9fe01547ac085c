import math

import cv2
import numpy as np
import pytest
import torch

from recognition.crops import CropConfig, crop_boxes
from recognition.preprocess import PreprocessConfig, model_inputs
from recognition.views import SLENDEREST, Window, box_shapes, mark_boxes, sample_windows, window_matrices, window_sides

CONTEXT = 1.5
STORED = CropConfig(size=96, resize="context", context=2.2)


@pytest.fixture
def page() -> np.ndarray:
    """A page of smooth blobs, which resampling hardly changes."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:300, 0:300]
    page = np.zeros((300, 300))
    for _ in range(60):
        cx, cy, width = random.uniform(0, 300), random.uniform(0, 300), random.uniform(6, 15)
        page = np.maximum(page, 255 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2)))
    return page.astype(np.uint8)


@pytest.mark.parametrize("box", [(120, 110, 170, 180), (100, 140, 190, 160), (5, 10, 50, 90)])
def test_a_window_is_what_would_have_been_cut_at_once(page: np.ndarray, box: tuple) -> None:
    boxes = np.array([box], np.float32)
    stored = crop_boxes(page, boxes, STORED)
    direct = crop_boxes(page, boxes, CropConfig(size=64, resize="context", context=CONTEXT))
    ink = torch.from_numpy(stored.pixels).float().unsqueeze(1)
    seen = sample_windows(ink, window_matrices(torch.from_numpy(stored.geometry), Window(CONTEXT)), 64)
    assert np.abs(seen[0, 0].numpy() - direct.pixels[0]).mean() < 4


def test_the_mark_lies_where_the_box_lies(page: np.ndarray) -> None:
    page = np.zeros_like(page)
    page[110:180, 120:150] = 255
    stored = crop_boxes(page, np.array([[120, 110, 150, 180]], np.float32), STORED)
    config = PreprocessConfig(context=CONTEXT, input_size=64)
    inputs, shapes = model_inputs(torch.from_numpy(stored.pixels), torch.from_numpy(stored.geometry), config)
    assert inputs.shape == (1, 2, 64, 64)
    assert (inputs[0, 0] - inputs[0, 1]).abs().mean() < 0.02
    assert shapes[0].tolist() == pytest.approx([math.log(30 / 70), 0.0], abs=1e-5)


def test_size_is_told_relative_to_the_page() -> None:
    boxes = np.array([[0, 0, 20, 20], [0, 50, 20, 70], [50, 0, 90, 20]], np.float32)
    geometry = crop_boxes(np.zeros((100, 100), np.uint8), boxes, STORED).geometry
    assert box_shapes(torch.from_numpy(geometry))[:, 1].tolist() == pytest.approx([0, 0, math.log(2)], abs=1e-5)


def test_a_mark_fades_over_one_pixel() -> None:
    mark = mark_boxes(torch.tensor([[0.4, 0.2, 0.0]]), Window(CONTEXT), 64)[0, 0]
    assert mark.sum().item() == pytest.approx((64 / CONTEXT) * (32 / CONTEXT), rel=0.02)
    assert ((mark > 0) & (mark < 1)).any()
    assert mark[32, 32] == 1
    assert mark[0, 0] == 0


def test_a_box_without_area_gives_finite_numbers() -> None:
    crops = crop_boxes(
        np.full((50, 50), 200, np.uint8), np.array([[10, 10, 10, 30], [20, 20, 30, 30]], np.float32), STORED
    )
    config = PreprocessConfig(context=CONTEXT)
    for one in model_inputs(torch.from_numpy(crops.pixels), torch.from_numpy(crops.geometry), config):
        assert torch.isfinite(one).all()


def test_no_crops_give_no_windows() -> None:
    config = PreprocessConfig(context=CONTEXT, input_size=48)
    inputs, shapes = model_inputs(torch.zeros(0, 96, 96, dtype=torch.uint8), torch.zeros(0, 3), config)
    assert (inputs.shape, shapes.shape) == ((0, 2, 48, 48), (0, 2))


@pytest.mark.parametrize(
    ("stretch", "width", "height"),
    [
        (0.0, 0.6, 0.6),
        (0.5, 0.6 * 0.5**0.5, 0.6),
        (1.0, 0.3, 0.6),
    ],
)
def test_a_stretched_window_takes_the_shape_of_its_box(stretch: float, width: float, height: float) -> None:
    sides = window_sides(torch.tensor([[0.2, 0.4, 0.0]]), Window(CONTEXT, stretch))
    assert sides[0].tolist() == pytest.approx([width, height])


def test_a_stroke_is_stretched_no_more_than_the_most_slender_box() -> None:
    geometry = torch.tensor([[0.4, 0.4 * SLENDEREST, 0.0], [0.4, 0.01, 0.0], [0.4, 0.0, 0.0]])
    sides = window_sides(geometry, Window(CONTEXT, 1.0))
    assert sides.tolist() == [pytest.approx([0.6, 0.6 * SLENDEREST])] * 3


def test_in_a_fully_stretched_window_every_mark_is_the_same_square() -> None:
    marks = mark_boxes(torch.tensor([[0.4, 0.4, 0.0], [0.4, 0.2, 0.0], [0.13, 0.3, 0.0]]), Window(CONTEXT, 1.0), 64)
    assert torch.allclose(marks[0], marks[1], atol=1e-4)
    assert torch.allclose(marks[0], marks[2], atol=1e-4)


def test_a_stretched_window_shows_the_box_as_a_square(page: np.ndarray) -> None:
    narrow = crop_boxes(page, np.array([[120, 110, 150, 170]], np.float32), STORED)
    config = PreprocessConfig(context=CONTEXT, input_size=64, stretch=1.0)
    seen, _ = model_inputs(torch.from_numpy(narrow.pixels), torch.from_numpy(narrow.geometry), config)
    cut = page[95:185, 112:158]  # 1.5 boxes of 30 x 60 around their middle, a pixel more or less
    shown = cv2.resize(cut, (64, 64), interpolation=cv2.INTER_AREA) / 255
    assert np.abs(seen[0, 0].numpy() - shown).mean() < 0.03
