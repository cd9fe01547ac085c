from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, save_detector
from kuzushiji_submit.core.errors import DeviceError, WeightsError
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.detection.heatmap.conftest import TINY, BlobNet, blob_page
from tests.drawn_pages import DrawnPage


def detector(network: nn.Module, **settings: object) -> HeatmapDetector:
    return HeatmapDetector(network, HeatmapDetectorConfig(**{"scales": (1.0,), **settings}), "cpu")


def off(found: np.ndarray, boxes: np.ndarray) -> float:
    """How far the boxes found are from the true ones at most, in their order; infinite if there are not as many."""
    if len(found) != len(boxes):
        return float("inf")
    away = np.abs(found[:, None] - boxes[None]).max(axis=2)
    assert sorted(away.argmin(axis=1)) == list(range(len(boxes)))
    return float(away.min(axis=1).max())


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3), (9, 0, 3), (1, 1, 3), (5, 400, 3), (400, 5, 3), (300, 200, 3)])
@pytest.mark.parametrize("value", [127, 255])
def test_pages_without_text_have_no_boxes(shape: tuple[int, int, int], value: int) -> None:
    stages = detector(BlobNet(), long_side=256).explain(prepare_page(np.full(shape, value, np.uint8)))
    assert len(stages.detections) == 0
    assert stages.detections.boxes.shape == (0, 4)
    assert stages.ink.shape == shape[:2]
    assert stages.draw(height=60).ndim == 3


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (300, 200, 3)])
def test_a_black_page_stays_on_the_page(shape: tuple[int, int, int]) -> None:
    found = detector(BlobNet(), long_side=256).detect(prepare_page(np.zeros(shape, np.uint8)))
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [shape[1], shape[0]] * 2).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()


@pytest.mark.parametrize(("size", "gap"), [(20, 14), (32, 24), (64, 40), (120, 60)])
def test_characters_of_any_size_are_found(size: int, gap: int) -> None:
    page, boxes = blob_page(size=size, columns=3, rows=4, gap=gap)
    found = detector(BlobNet(), long_side=640).detect(prepare_page(page))
    assert off(found.boxes, boxes) < 0.1 * size
    assert found.scores.min() > 0.9
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_the_page_is_read_again_where_its_characters_have_another_size() -> None:
    page, boxes = blob_page(size=64, columns=3, rows=4, gap=40)  # 496 x 392
    network = BlobNet()
    found = detector(network, long_side=496, tolerance=0.15).detect(prepare_page(page))
    # First as it is, then so that 64 pixels become 32; both padded to multiples of 32.
    assert network.seen_hw == [(512, 416), (256, 224)]
    assert off(found.boxes, boxes) < 6


def test_the_size_is_found_at_one_scale_and_the_characters_at_all() -> None:
    page, boxes = blob_page(size=64, columns=3, rows=4, gap=40)  # 496 x 392
    network = BlobNet()
    found = detector(network, long_side=496, scales=(0.75, 1.5)).detect(prepare_page(page))
    # 64 pixels become 32, and that 24 and 48.
    assert network.seen_hw == [(512, 416), (192, 160), (384, 320)]
    assert off(found.boxes, boxes) < 8


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"tolerance": 0.15}, 1),
        ({"tolerance": 0.0, "character_px": 36.0}, 2),
        ({"tolerance": 0.2, "character_px": 36.0}, 1),
        ({"tolerance": 0.0, "character_px": 0.0}, 1),
    ],
)
def test_a_page_of_about_the_right_size_is_read_once(settings: dict, count: int) -> None:
    page, boxes = blob_page(size=32, columns=3, rows=4)
    network = BlobNet()
    found = detector(network, long_side=max(page.shape), **settings).detect(prepare_page(page))
    assert len(network.seen_hw) == count
    assert off(found.boxes, boxes) < 3


def test_a_page_without_characters_is_read_once() -> None:
    network = BlobNet()
    assert len(detector(network, long_side=128).detect(prepare_page(np.full((100, 80, 3), 200, np.uint8)))) == 0
    assert network.seen_hw == [(128, 128)]


def test_a_page_is_never_made_larger_than_told() -> None:
    page, _ = blob_page(size=8, columns=3, rows=4, gap=8)
    network = BlobNet()
    detector(network, long_side=400, largest_side=480, character_px=64.0).detect(prepare_page(page))
    assert len(network.seen_hw) == 2
    assert max(network.seen_hw[1]) == 480


def test_several_scales_and_tiles_find_the_same() -> None:
    page, boxes = blob_page(size=32, columns=7, rows=9)
    network = BlobNet()
    found = detector(network, long_side=max(page.shape), scales=(0.75, 1.0, 1.25), max_pixels=150_000).detect(
        prepare_page(page)
    )
    assert len(network.seen_hw) > 6
    assert off(found.boxes, boxes) < 4


def test_points_and_boxes_lie_on_the_page_where_characters_touch_its_end() -> None:
    page = np.full((403, 277, 3), 220, np.uint8)
    page[360:, 240:252] = 10  # as thin as a stroke, or it would be taken for the scanner's background
    found = detector(BlobNet(), long_side=403).detect(prepare_page(page))
    # The outermost blocks of pixels count as the sheet's rim.
    assert len(found) == 1
    assert ((found.boxes >= [235, 355, 247, 375]) & (found.boxes <= [245, 365, 257, 403])).all()
    assert (found.points <= [277, 403]).all()


class _Beyond(nn.Module):
    """Finds one character whose box lies in the padding alone, and one that reaches out of the page."""

    def forward(self, pages: torch.Tensor) -> torch.Tensor:
        maps = torch.full((1, 5, pages.shape[2] // 4, pages.shape[3] // 4), -6.0)
        maps[0, 0, :2, :2] = 6.0
        maps[0, 1:, :2, :2] = 0.0
        maps[0, 0, -1, -1] = 6.0
        maps[0, 1:, -1, -1] = -4.0
        return maps


def test_what_lies_beyond_the_page_is_cut_off() -> None:
    found = detector(_Beyond(), long_side=125, character_px=0.0).detect(
        prepare_page(np.full((125, 125, 3), 255, np.uint8))
    )
    assert len(found) == 1
    assert found.boxes[0].tolist() == pytest.approx([0, 0, 36, 36], abs=2.1)
    assert (found.points >= 0).all()


def test_threads_share_a_detector() -> None:
    pages = [blob_page(size=32, columns=columns, rows=3)[0] for columns in (1, 2, 3, 4)] * 2
    one = detector(BlobNet(), long_side=256)
    pages = [prepare_page(page) for page in pages]
    alone = [one.detect(page) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(one.detect, pages))
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first.boxes, second.boxes)
        np.testing.assert_array_equal(first.scores, second.scores)
    assert [len(found) for found in alone[:4]] == [3, 6, 9, 12]


def test_the_same_page_gives_the_same_boxes(network: HeatmapNet) -> None:
    one = detector(network, long_side=320)
    page = DrawnPage.blank(300, 240).image
    first, second = one.explain(prepare_page(page)), one.explain(prepare_page(page.copy()))
    np.testing.assert_array_equal(first.maps.heat, second.maps.heat)
    np.testing.assert_array_equal(first.detections.boxes, second.detections.boxes)
    np.testing.assert_array_equal(one.detect(prepare_page(page)).boxes, first.detections.boxes)


def test_explain_gives_the_ink_that_crops_are_cut_from() -> None:
    drawn = DrawnPage.blank(600, 450)
    drawn.column(100, 60, 40, 8)
    stages = detector(BlobNet(), long_side=600, character_px=0.0).explain(prepare_page(drawn.image))
    assert stages.page is drawn.image
    assert stages.ink.shape == (600, 450)
    assert stages.image.shape == (600, 450, 3)
    assert stages.maps.heat.shape == (150, 113)
    for left, top, right, bottom in drawn.truth:
        assert stages.ink[top:bottom, left:right].max() > 200
    assert np.median(stages.ink) == 0
    assert off(stages.detections.boxes, np.array(drawn.truth)) < 5


def test_the_debug_sheet_shows_every_stage() -> None:
    page, _ = blob_page(size=32, columns=3, rows=3)
    sheet = detector(BlobNet(), long_side=max(page.shape)).explain(prepare_page(page)).draw(height=200)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] > 200
    panels = np.array_split(sheet[40:], 5, axis=1)
    assert all((panel < 120).any() for panel in panels)
    # The map is bright in the middle of characters, and boxes are green.
    assert panels[3].max() > 150
    assert (np.abs(panels[4].astype(int) - [20, 150, 60]).sum(axis=2) < 60).any()
    assert not (np.abs(panels[0].astype(int) - [20, 150, 60]).sum(axis=2) < 60).any()


def test_weights_are_read_from_their_file(tmp_path: Path, network: HeatmapNet) -> None:
    path = tmp_path / "detector.safetensors"
    save_detector(path, network.state_dict(), DetectorMetadata(network=TINY))
    loaded = HeatmapDetector.load(path, HeatmapDetectorConfig(long_side=96, scales=(1.0,), character_px=0), "cpu")
    assert loaded.config.long_side == 96
    stages = loaded.explain(prepare_page(DrawnPage.blank(96, 64).image))
    direct = detector(network, long_side=96, character_px=0).explain(prepare_page(DrawnPage.blank(96, 64).image))
    np.testing.assert_allclose(stages.maps.heat, direct.maps.heat, atol=0.05)  # the file's kernels have 16 bits
    with pytest.raises(WeightsError, match="no such weights file"):
        HeatmapDetector.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("name", ["teapot", "cuda:99", ""])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(DeviceError, match=r"cannot be used here .*name auto, cpu, cuda or cuda:N"):
        HeatmapDetector(BlobNet(), device=name)


@pytest.mark.parametrize(
    "settings",
    [
        {"scales": ()},
        {"scales": (1.0, 0.0)},
        {"scales": (float("nan"),)},
        {"long_side": 63},
        {"largest_side": 0},
        {"max_pixels": 10},
        {"character_px": -1.0},
        {"character_px": float("nan")},
        {"tolerance": -0.1},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        HeatmapDetectorConfig(**settings)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("half", [False, True])
def test_a_gpu_finds_what_the_cpu_finds(network: HeatmapNet, half: bool) -> None:
    page = DrawnPage.blank(900, 700).text(size=40, columns=5, rows=8).image
    on_cpu = HeatmapDetector(network, HeatmapDetectorConfig(character_px=0.0), "cpu").explain(prepare_page(page))
    gpu = HeatmapDetector(network, HeatmapDetectorConfig(character_px=0.0, half=half), "cuda")
    on_gpu = gpu.explain(prepare_page(page))
    assert gpu.reader.device.type == "cuda"
    np.testing.assert_allclose(on_gpu.maps.heat, on_cpu.maps.heat, atol=0.05 if half else 1e-3)
    blobs, boxes = blob_page(size=32, columns=4, rows=5)
    settings = HeatmapDetectorConfig(half=half, long_side=max(blobs.shape))
    found = HeatmapDetector(BlobNet(), settings, "cuda").detect(prepare_page(blobs))
    expected = HeatmapDetector(BlobNet(), settings, "cpu").detect(prepare_page(blobs))
    assert off(found.boxes, boxes) < 3
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.5)
    np.testing.assert_allclose(found.scores, expected.scores, atol=0.01)


def specks_page(size: int, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A large page uint8 (side, side, 3) with blobs in its middle alone, and their boxes."""
    text, boxes = blob_page(size=size, columns=count, rows=count, gap=size)
    page = np.full((side, side, 3), (222, 205, 170), np.uint8)
    left = (side - text.shape[1]) // 2
    page[left : left + text.shape[0], left : left + text.shape[1]] = text
    return page, boxes + left


def test_characters_that_one_look_is_too_far_away_for_are_found() -> None:
    page, boxes = specks_page(size=16, count=6, side=1600)
    network = BlobNet()
    found = detector(network, long_side=256).detect(prepare_page(page))  # 2.6 pixels a character
    assert off(found.boxes, boxes) < 5
    # From afar, one place from near by, and the page at a size at which 16 pixels are 24 (`largest_zoom`).
    assert len(network.seen_hw) == 3
    assert network.seen_hw[0] == (256, 256)
    assert max(network.seen_hw[1]) < 512
    assert network.seen_hw[2] == (2400, 2400)


@pytest.mark.parametrize("image", ["blank", "specks", "few"])
def test_a_page_with_little_on_it_is_not_read_again_as_a_whole(image: str) -> None:
    page = np.full((1600, 1600, 3), (222, 205, 170), np.uint8)
    if image == "specks":
        page[::97, ::89] = 20
    if image == "few":
        page[200:216, 200:216] = 20
    network = BlobNet()
    detector(network, long_side=256).detect(prepare_page(page))
    assert network.seen_hw[0] == (256, 256)
    assert len(network.seen_hw) <= 2
    assert max(map(max, network.seen_hw)) < 512


def test_a_page_is_read_again_while_its_characters_turn_out_smaller() -> None:
    page, boxes = blob_page(size=16, columns=8, rows=8, gap=16)
    network = BlobNet()
    sized = detector(network, long_side=max(page.shape), largest_side=400, largest_zoom=4.0).detect(prepare_page(page))
    assert [max(seen) for seen in network.seen_hw] == [288, 416, 576]  # as it is, as large as allowed, as it should be
    assert off(sized.boxes, boxes) < 3


def test_leaves_of_one_image_are_each_read_at_their_own_size() -> None:
    small, small_boxes = blob_page(size=20, columns=10, rows=14, gap=16)
    large, large_boxes = blob_page(size=40, columns=5, rows=7, gap=32)
    height = min(small.shape[0], large.shape[0])
    leaves, boxes, left = [], [], 0
    for page, found in ((small, small_boxes), (large, large_boxes)) * 3:
        leaves.append(page[:height])
        boxes.append(found + np.array([left, 0, left, 0]))
        left += page.shape[1]
    image = np.concatenate(leaves, axis=1)
    network = BlobNet()
    found = detector(network, long_side=400).detect(prepare_page(image))
    assert off(found.boxes, np.concatenate(boxes)) < 8
    assert max(map(max, network.seen_hw)) < image.shape[1] * 0.8
