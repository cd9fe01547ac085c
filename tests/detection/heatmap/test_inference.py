from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from detection.heatmap.inference import OVERLAP, MapReader, inner_pixels, pad_to_network, to_network, windows
from detection.heatmap.network import COARSEST, STRIDE, UNIT, HeatmapNet

CPU = torch.device("cpu")


class Near(nn.Module):
    """A network that sees 10 cells far: everything it says depends on the pixels within 44 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []

    def forward(self, pages: Tensor) -> Tensor:
        self.sizes.append((pages.shape[2], pages.shape[3]))
        cells = F.avg_pool2d(pages.mean(dim=1, keepdim=True), STRIDE)
        wide = F.avg_pool2d(F.pad(cells, (10, 10, 10, 10)), 21, stride=1)
        return torch.cat([8 * wide, cells, -cells, wide, -wide], dim=1)


class Constant(nn.Module):
    """Says the same everywhere: a score of sigmoid(0), and one unit to every side."""

    def forward(self, pages: Tensor) -> Tensor:
        return torch.zeros(len(pages), 5, pages.shape[2] // STRIDE, pages.shape[3] // STRIDE)


class Sized(nn.Module):
    """The score says how large the page is."""

    def forward(self, pages: Tensor) -> Tensor:
        score = torch.tensor(0.8 if pages.shape[3] > 100 else 0.2)
        heat = torch.logit(score).expand(len(pages), 1, pages.shape[2] // STRIDE, pages.shape[3] // STRIDE)
        return torch.cat([heat, *[torch.zeros_like(heat)] * 4], dim=1)


def page(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Blotches, so that neighboring pixels are alike as on a page."""
    small = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    return np.ascontiguousarray(np.kron(small, np.ones((8, 8, 1), np.uint8))[:height, :width])


def test_paper_becomes_0_and_black_1() -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1)
    assert to_network(pages=pixels).flatten().tolist() == pytest.approx([1.0, 0.8, 0.0])


@pytest.mark.parametrize(("hw", "padded"), [((1, 1), (32, 32)), ((32, 64), (32, 64)), ((33, 65), (64, 96))])
def test_pages_are_padded_to_whole_cells_with_paper(hw: tuple[int, int], padded: tuple[int, int]) -> None:
    ready = pad_to_network(np.zeros((*hw, 3), np.uint8), CPU)
    assert ready.shape == (1, 3, *padded)
    assert ready.dtype == torch.float32
    assert bool((ready[..., : hw[0], : hw[1]] == 1).all())
    assert ready.sum().item() == 3 * hw[0] * hw[1]


@pytest.mark.parametrize("hw", [(0, 0), (0, 9), (9, 0)])
def test_an_empty_page_has_no_parts(hw: tuple[int, int]) -> None:
    assert windows(*hw, 100) == []


@given(
    height=st.integers(1, 3000),
    width=st.integers(1, 3000),
    max_pixels=st.one_of(st.integers(64, 10**7), st.sampled_from([256 * 256, 384 * 384])),
)
def test_every_pixel_is_answered_for_exactly_once(height: int, width: int, max_pixels: int) -> None:
    parts = windows(height, width, max_pixels)
    for axis, length in ((0, height), (1, width)):
        spans = sorted({part[axis] for part in parts})
        inner = [inner_pixels(span, length) for span in spans]
        assert (inner[0][0], inner[-1][1]) == (0, length)
        assert all(before[1] == after[0] for before, after in pairwise(inner))
        assert all(first < last for first, last in inner)
        # With half the overlap around it, but where the page ends.
        for (start, end), (first, last) in zip(spans, inner, strict=True):
            assert start % COARSEST == 0
            assert first - start == (OVERLAP // 2 if start else 0)
            assert end - last == (OVERLAP // 2 if end < length else 0)
    rows, columns = ({part[axis] for part in parts} for axis in (0, 1))
    assert sorted(parts) == sorted((row, column) for row in rows for column in columns)
    if len(parts) > 1:
        largest = max(max_pixels, (2 * OVERLAP) ** 2)
        assert all((row[1] - row[0]) * (column[1] - column[0]) <= largest for row, column in parts)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 40, 3), (40, 0, 3)])
@pytest.mark.parametrize("scales", [(1.0,), (0.5, 2.0)])
def test_an_empty_page_has_an_empty_map(network: HeatmapNet, shape: tuple[int, ...], scales: tuple[float, ...]) -> None:
    maps = MapReader(network, CPU).read_scales(np.zeros(shape, np.uint8), scales)
    assert maps.heat.size == 0
    assert maps.heat.shape == (-(-shape[0] // STRIDE), -(-shape[1] // STRIDE))
    assert maps.sides.shape == (4, *maps.heat.shape)


@pytest.mark.parametrize("hw", [(1, 1), (3, 5), (32, 32), (33, 97), (100, 31)])
def test_maps_cover_the_page_and_no_more(network: HeatmapNet, hw: tuple[int, int]) -> None:
    maps = MapReader(network, CPU).read(page(*hw))
    assert maps.heat.shape == (-(-hw[0] // STRIDE), -(-hw[1] // STRIDE))
    assert maps.heat.dtype == maps.sides.dtype == np.float32
    assert ((maps.heat > 0) & (maps.heat < 1)).all()
    assert (maps.sides > 0).all()


def test_padding_is_paper(network: HeatmapNet) -> None:
    image = page(50, 70)
    padded = np.full((64, 96, 3), 255, np.uint8)
    padded[:50, :70] = image
    reader = MapReader(network, CPU)
    small, large = reader.read(image), reader.read(padded)
    np.testing.assert_array_equal(small.heat, large.heat[:13, :18])
    np.testing.assert_array_equal(small.sides, large.sides[:, :13, :18])


@pytest.mark.parametrize("hw", [(700, 300), (260, 1030), (386, 385), (600, 129)])
def test_tiles_say_what_the_whole_page_says(hw: tuple[int, int]) -> None:
    image, near = page(*hw), Near()
    whole = MapReader(near, CPU).read(image)
    assert len(near.sizes) == 1
    tiled = MapReader(near, CPU, max_pixels=256 * 256).read(image)
    assert len(near.sizes) > 2
    assert all(height <= 256 and width <= 256 for height, width in near.sizes[1:])
    np.testing.assert_allclose(tiled.heat, whole.heat, atol=1e-6)
    np.testing.assert_allclose(tiled.sides, whole.sides, rtol=1e-5)


def test_tiles_of_a_real_network_differ_by_what_lies_far_away(network: HeatmapNet) -> None:
    image = page(600, 520)
    whole = MapReader(network, CPU).read(image).heat
    tiled = MapReader(network, CPU, max_pixels=384 * 384).read(image).heat
    away = np.abs(whole - tiled)
    assert whole.std() > 0.02
    assert away.mean() < 0.05 * whole.std()
    # The first tile answers up to half an overlap before its end; away from there nothing is missing.
    first = (384 - OVERLAP // 2 - 3 * COARSEST) // STRIDE
    assert away[:first, :first].max() < 1e-6


@pytest.mark.parametrize("hw", [(192, 2500), (2500, 192)])
def test_memory_is_bounded_by_the_tile(hw: tuple[int, int]) -> None:
    near = Near()
    MapReader(near, CPU, max_pixels=100_000).read(page(*hw))
    assert len(near.sizes) > 5
    assert all(height * width <= 100_000 for height, width in near.sizes)
    assert all(height % COARSEST == width % COARSEST == 0 for height, width in near.sizes)


def test_distances_of_several_scales_are_brought_to_one() -> None:
    reader, image = MapReader(Constant(), CPU), page(64, 96)
    for scale in (0.5, 1.0, 2.0):
        maps = reader.read_scales(image, (scale,))
        assert maps.heat.shape == (16, 24)
        np.testing.assert_allclose(maps.sides, UNIT / scale, rtol=1e-5)
    both = reader.read_scales(image, (1.0, 2.0))
    np.testing.assert_allclose(both.sides, (UNIT + UNIT / 2) / 2, rtol=1e-5)
    np.testing.assert_allclose(both.heat, 0.5)


def test_scores_are_averaged_and_distances_weighted_by_them() -> None:
    reader, image = MapReader(Sized(), CPU), page(64, 64)
    maps = reader.read_scales(image, (1.0, 2.0))
    np.testing.assert_allclose(maps.heat, 0.5, atol=1e-6)
    np.testing.assert_allclose(maps.sides, 0.2 * UNIT + 0.8 * UNIT / 2, rtol=1e-4)
    other = reader.read_scales(image, (2.0, 1.0))
    np.testing.assert_allclose(other.heat, maps.heat, atol=1e-6)
    np.testing.assert_allclose(other.sides, maps.sides, rtol=1e-5)


def test_a_page_may_vanish_at_a_scale(network: HeatmapNet) -> None:
    maps = MapReader(network, CPU).read_scales(page(1, 9), (0.1, 1.0))
    assert maps.heat.shape == (1, 3)
    assert np.isfinite(maps.sides).all()


def test_16_bits_say_about_the_same(network: HeatmapNet) -> None:
    image = page(96, 96)
    full, half = (MapReader(network, CPU, half=half).read(image) for half in (False, True))
    assert half.heat.dtype == np.float32
    np.testing.assert_allclose(half.heat, full.heat, atol=0.05)
    assert (half.heat != full.heat).any()


def test_reading_leaves_no_trace(network: HeatmapNet) -> None:
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    reader = MapReader(network, CPU)
    assert not reader.network.training
    first, second = reader.read(page(64, 64)), reader.read(page(64, 64))
    np.testing.assert_array_equal(first.heat, second.heat)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
