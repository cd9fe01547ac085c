import cv2
import numpy as np
import pytest

from kuzushiji_submit.core.errors import ConfigError
from recognition.crops import CropConfig, Crops, crop_boxes

BARE = CropConfig(size=32, margin=0.0, resize="squish")


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.fixture
def page() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (200, 150), dtype=np.uint8)


@pytest.mark.parametrize("size", [32, 48, 64])
def test_no_boxes_give_no_crops(page: np.ndarray, size: int) -> None:
    crops = crop_boxes(page, boxes(), CropConfig(size=size)).pixels
    assert crops.shape == (0, size, size)
    assert crops.dtype == np.uint8


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 10, 20),  # no width
        (10, 10, 20, 10),  # no height
        (0, 0, 0, 0),
        (20, 10, 10, 20),  # turned round
        (200, 10, 250, 20),  # right of the page
        (-50, -50, -1, -1),  # above and left of it
        (float("nan"), 0, 10, 10),
        (0, 0, float("inf"), 10),
        (1e30, 1e30, 2e30, 2e30),
    ],
)
@pytest.mark.parametrize("resize", ["fit", "squish"])
def test_box_without_area_on_the_page_is_blank(page: np.ndarray, box: tuple, resize: str) -> None:
    config = CropConfig(size=32, margin=0.0, resize=resize, fill=7)
    good = (10, 10, 60, 70)
    crops = crop_boxes(page, boxes(good, box), config).pixels
    assert (crops[1] == 7).all()
    assert (crops[0] != 7).any()


def test_page_without_pixels() -> None:
    assert not crop_boxes(np.zeros((0, 0), np.uint8), boxes((0, 0, 5, 5)), BARE).pixels.any()


def test_box_of_the_crop_size_is_copied(page: np.ndarray) -> None:
    np.testing.assert_array_equal(crop_boxes(page, boxes((20, 30, 52, 62)), BARE).pixels[0], page[30:62, 20:52])


def test_shrinking_is_by_area(page: np.ndarray) -> None:
    crop = crop_boxes(page, boxes((0, 0, 128, 96)), BARE).pixels[0]
    np.testing.assert_array_equal(crop, cv2.resize(page[0:96, 0:128], (32, 32), interpolation=cv2.INTER_AREA))


def test_an_axis_shrinks_by_area_while_the_other_grows() -> None:
    """A fine horizontal comb, high and narrow, must become even gray, not stripes of one phase."""
    page = np.zeros((256, 8), np.uint8)
    page[::2] = 200
    crop = crop_boxes(page, boxes((0, 0, 8, 256)), BARE).pixels[0]
    assert set(np.unique(crop)) == {100}


@pytest.mark.parametrize(
    ("box", "filled"),
    [
        ((0, 0, 40, 80), (slice(0, 32), slice(8, 24))),  # high: columns 8 to 24 of 32
        ((0, 0, 80, 40), (slice(8, 24), slice(0, 32))),  # wide
        ((0, 0, 40, 40), (slice(0, 32), slice(0, 32))),
    ],
)
def test_fit_keeps_the_aspect_ratio_and_centers(box: tuple, filled: tuple) -> None:
    page = np.full((100, 100), 255, np.uint8)
    expected = np.zeros((32, 32), np.uint8)
    expected[filled] = 255
    np.testing.assert_array_equal(crop_boxes(page, boxes(box), CropConfig(32, 0.0, "fit")).pixels[0], expected)


def test_what_lies_outside_the_page_is_fill() -> None:
    page = np.full((64, 64), 255, np.uint8)
    crops = crop_boxes(page, boxes((-32, 0, 32, 64), (32, 32, 96, 96)), BARE).pixels
    assert not crops[0][:, :16].any()
    assert (crops[0][:, 16:] == 255).all()
    assert (crops[1][:16, :16] == 255).all()
    assert crops[1].sum() == 16 * 16 * 255


def test_margin_widens_each_side_by_its_fraction(page: np.ndarray) -> None:
    wide = crop_boxes(page, boxes((40, 40, 80, 80)), CropConfig(32, 0.25, "squish")).pixels
    bare = crop_boxes(page, boxes((30, 30, 90, 90)), BARE).pixels
    np.testing.assert_array_equal(wide, bare)


def test_fractions_of_a_pixel_round_outwards(page: np.ndarray) -> None:
    np.testing.assert_array_equal(crop_boxes(page, boxes((20.7, 30.2, 51.5, 61.1)), BARE).pixels[0], page[30:62, 20:52])


def test_sliver_still_shows() -> None:
    page = np.full((1000, 10), 255, np.uint8)
    assert crop_boxes(page, boxes((0, 0, 1, 1000)), CropConfig(32, 0.0, "fit")).pixels[0].any()


def test_enormous_box_costs_no_memory(page: np.ndarray) -> None:
    assert crop_boxes(page, boxes((-1e9, -1e9, 1e9, 1e9)), BARE).pixels.shape == (1, 32, 32)


@pytest.mark.parametrize("image", [np.zeros((5, 5), np.float32), np.zeros((5, 5, 3), np.uint8), np.zeros(5, np.uint8)])
def test_wrong_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8 \(H, W\)"):
        crop_boxes(image, boxes(), BARE)


@pytest.mark.parametrize("shape", [(4,), (2, 5), (0,)])
def test_wrong_boxes_are_refused(page: np.ndarray, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        crop_boxes(page, np.zeros(shape, np.float32), BARE)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 8}, "size must lie in"),
        ({"size": 257}, "size must lie in"),
        ({"context": 0.5}, "context"),
        ({"margin": -0.1}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"resize": "stretch"}, "resize must be one of"),
        ({"fill": 256}, "fill"),
    ],
)
def test_config_out_of_range_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CropConfig(**values)


def test_context_is_a_square_around_the_middle_of_the_box(page: np.ndarray) -> None:
    crops = crop_boxes(page, boxes((60, 80, 80, 112)), CropConfig(64, resize="context", context=2.0))
    np.testing.assert_array_equal(crops.pixels[0], page[64:128, 38:102])
    np.testing.assert_allclose(crops.geometry, [[20 / 64, 32 / 64, 0.0]])


def test_geometry_is_that_of_boxes_with_an_area(page: np.ndarray) -> None:
    config = CropConfig(32, resize="context", context=2.0)
    crops = crop_boxes(page, boxes((0, 0, 10, 20), (0, 0, 0, 20), (50, 50, 60, 70), (90, 90, 130, 100)), config)
    np.testing.assert_allclose(crops.geometry[:, 0], [0.25, 0, 0.25, 0.5])
    np.testing.assert_allclose(crops.geometry[:, 1], [0.5, 0, 0.5, 0.125])
    np.testing.assert_allclose(crops.geometry[:, 2], np.log([1, 1, 1, 2]), atol=1e-6)


def test_crops_are_chosen_and_put_together(page: np.ndarray) -> None:
    crops = crop_boxes(page, boxes((0, 0, 10, 20), (0, 0, 30, 20), (50, 50, 60, 70)), BARE)
    again = Crops.concatenate([crops.select(slice(0, 1)), Crops.empty(32), crops.select(np.array([1, 2]))])
    np.testing.assert_array_equal(again.pixels, crops.pixels)
    np.testing.assert_array_equal(again.geometry, crops.geometry)
    assert len(crops.select(np.array([False, True, False]))) == 1


@pytest.mark.parametrize(
    ("pixels", "geometry", "message"),
    [
        (np.zeros((2, 8, 8), np.float32), np.zeros((2, 3), np.float32), r"uint8 \(N, S, S\)"),
        (np.zeros((2, 8, 9), np.uint8), np.zeros((2, 3), np.float32), r"uint8 \(N, S, S\)"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros((1, 3), np.float32), r"float32 \(2, 3\)"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros((2, 3), np.float64), r"float32 \(2, 3\)"),
    ],
)
def test_arrays_of_another_kind_are_no_crops(pixels: np.ndarray, geometry: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Crops(pixels, geometry)


def test_context_around_a_box_without_area_is_blank(page: np.ndarray) -> None:
    config = CropConfig(32, resize="context", fill=7)
    assert (crop_boxes(page, boxes((10, 10, 10, 20), (20, 10, 10, 20)), config).pixels == 7).all()
