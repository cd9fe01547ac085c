from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from detection.heatmap.network import STRIDE, UNIT
from detection.training.augment import TileAugmentConfig
from detection.training.page_store import EXACT, PageStore, StoredPage
from detection.training.tiles import PageSource, TileDataset, cut_tile
from kuzushiji_submit.core.components import Components
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.loaders import make_loader
from tests.detection.heatmap.conftest import blob_page

LOOKS = TileAugmentConfig()
SIZE = 96


def pages(folder: Path) -> list[StoredPage]:
    store = PageStore(folder)
    return [store.open(page_id) for page_id in store.page_ids()]


def in_memory(image: np.ndarray, boxes: list[tuple[float, ...]]) -> StoredPage:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    return StoredPage("page", "book", image, array, np.full(len(array), EXACT, np.uint8))


def same(first: tuple[torch.Tensor, ...], second: tuple[torch.Tensor, ...]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_number_is_the_same_tile_in_every_run_and_process(store: Path) -> None:
    first, second = (TileDataset([PageSource(pages(store))], SIZE, LOOKS, seed=7) for _ in range(2))
    tiles = [first[number] for number in range(4)]
    assert same(second[2], tiles[2])
    assert not any(torch.equal(tiles[a][0], tiles[b][0]) for a in range(4) for b in range(a))
    # As training reads, which does not mind more processes than cores.
    loader = make_loader(first, [3, 0, 1, 2], 2, num_workers=2, seed=0)
    batches = list(loader)
    for place, number in enumerate([3, 0, 1, 2]):
        assert same(tuple(part[place % 2] for part in batches[place // 2]), tiles[number])
    other = TileDataset([PageSource(pages(store))], SIZE, LOOKS, seed=8)
    assert not torch.equal(other[2][0], tiles[2][0])


def test_shapes_and_types(store: Path) -> None:
    tile, heat, weight, sides, has_sides = TileDataset([PageSource(pages(store))], SIZE, LOOKS, 0)[0]
    s = SIZE // STRIDE
    assert (tile.shape, tile.dtype) == ((3, SIZE, SIZE), torch.uint8)
    assert heat.shape == weight.shape == has_sides.shape == (s, s)
    assert (sides.shape, has_sides.dtype) == ((4, s, s), torch.bool)


def test_without_pages_there_is_nothing_to_train_on() -> None:
    for sources in ([], [PageSource([])], [PageSource([]), PageSource([], 2.0)]):
        with pytest.raises(TrainingError, match="there is no page to train on"):
            TileDataset(sources, SIZE, LOOKS, 0)


@pytest.mark.parametrize("shares", [(0.0, 1.0), (-1.0, 2.0), (float("nan"), 1.0), (float("inf"), 1.0)])
def test_shares_that_are_none_are_refused(store: Path, shares: tuple[float, float]) -> None:
    with pytest.raises(TrainingError, match="give numbers above 0"):
        TileDataset([PageSource(pages(store), share) for share in shares], SIZE, LOOKS, 0)


def test_sources_have_their_share_of_the_tiles() -> None:
    dark = in_memory(np.full((200, 200, 3), 60, np.uint8), [])
    light = in_memory(np.full((200, 200, 3), 255, np.uint8), [])
    still = TileAugmentConfig(tint=0, contrast=0, thickness=0, blur=0, noise=0, shadow=0, show_through=0, seal=0)
    tiles = TileDataset([PageSource([dark] * 5, 1.0), PageSource([light], 3.0), PageSource([], 9.0)], 32, still, 0)
    light_share = np.mean([tiles[number][0].min().item() == 255 for number in range(200)])
    assert 0.65 < light_share < 0.85


@pytest.mark.parametrize("hw", [(1, 1), (3, 40), (40, 3), (30, 30)])
def test_pages_smaller_than_a_tile(hw: tuple[int, int]) -> None:
    page = in_memory(np.zeros((*hw, 3), np.uint8), [(0, 0, hw[1], hw[0])])
    for seed in range(10):
        tile, made = cut_tile(page, SIZE, LOOKS, np.random.default_rng(seed))
        assert tile.shape == (SIZE, SIZE, 3)
        # Outside the page is paper.
        assert tile.max() > 200
        assert np.isfinite(made.sides).all()


def test_tiles_of_a_page_without_characters_are_of_its_whole_area() -> None:
    image = np.full((400, 300, 3), 255, np.uint8)
    image[:200] = 128
    shares = []
    for seed in range(40):
        tile, made = cut_tile(in_memory(image, []), SIZE, LOOKS, np.random.default_rng(seed))
        assert made.heat.sum() == 0
        assert (made.weight == 1).all()
        shares.append((tile < 200).mean())
    assert min(shares) == 0
    assert max(shares) > 0.9


def test_boxes_follow_the_picture() -> None:
    """Whatever the placement, the box that a marked cell predicts covers the dark square that it lies in."""
    image, boxes = blob_page(size=40, columns=4, rows=4, gap=40)
    image[image > 100] = 255
    page = in_memory(image, [tuple(box) for box in boxes.tolist()])
    whole = 0
    for seed in range(40):
        tile, made = cut_tile(page, 160, LOOKS, np.random.default_rng(seed))
        squares = Components.of_mask(np.asarray(tile[..., 0] < 128, np.uint8))
        for number, square in enumerate(squares.boxes, start=1):
            if square.min() < 2 or square.max() > 157:
                continue
            whole += 1
            center = (square[:2] + square[2:]) / 2
            row, column = int(center[1] / STRIDE), int(center[0] / STRIDE)
            assert made.has_sides[row, column], (seed, square)
            x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            left, top, right, bottom = made.sides[:, row, column] * UNIT
            found = np.array([x - left, y - top, x + right, y + bottom])
            # Turned and slanted squares reach a little beyond their boxes.
            slack = 0.09 * (square[2:] - square[:2]).max() + 1
            assert np.abs(found - square).max() < slack, (seed, number, found, square)
            assert made.heat[row, column] == 1
    assert whole > 60


def test_tiles_are_never_mirrored() -> None:
    """The black half of a character stays its left one, and its upper quarter stays up."""
    image = np.full((300, 300, 3), 255, np.uint8)
    image[130:170, 130:150] = 0
    image[130:140, 130:170] = 0
    page = in_memory(image, [(130, 130, 170, 170)])
    seen = 0
    for seed in range(80):
        tile, _ = cut_tile(page, SIZE, LOOKS, np.random.default_rng(seed))
        rows, columns = np.nonzero(tile[..., 0] < 128)
        if not len(rows) or rows.min() < 2 or columns.min() < 2 or max(rows.max(), columns.max()) > SIZE - 3:
            continue
        seen += 1
        assert columns.mean() < (columns.min() + columns.max()) / 2
        assert rows.mean() < (rows.min() + rows.max()) / 2
    assert seen > 15


def test_characters_have_the_sizes_asked_for() -> None:
    image, boxes = blob_page(size=40, columns=4, rows=4, gap=40)
    page = in_memory(image, [tuple(box) for box in boxes.tolist()])
    config = TileAugmentConfig(smallest=20, largest=52, rotate=0, shear=0, aspect=0)
    sizes = []
    for seed in range(60):
        made = cut_tile(page, 160, config, np.random.default_rng(seed))[1]
        if made.has_sides.any():
            sizes.append(float((made.sides[0] + made.sides[2])[made.has_sides].mean() * UNIT))
    assert 19 < min(sizes) < 24
    assert 46 < max(sizes) < 53


def test_large_pages_are_shrunk_without_patterns() -> None:
    image = np.full((800, 800, 3), 255, np.uint8)
    image[::2] = 0  # lines so fine that a tile at a fifth of the size can only be gray
    page = in_memory(image, [(300, 300, 500, 500)])
    config = TileAugmentConfig(smallest=40, largest=40)
    for seed in range(5):
        tile = cut_tile(page, 64, config, np.random.default_rng(seed))[0]
        assert tile.min() > 90
        assert (tile < 170).any()


def test_what_shines_through_needs_a_second_page(make_store: Callable[..., Path]) -> None:
    one = TileDataset([PageSource(pages(make_store(("a", "b", 2))))], SIZE, TileAugmentConfig(show_through=1.0), 0)
    without = TileDataset(one.sources, SIZE, TileAugmentConfig(show_through=0.0), 0)
    assert any(not torch.equal(one[number][0], without[number][0]) for number in range(5))
    assert all(torch.equal(one[number][1], without[number][1]) for number in range(5))
