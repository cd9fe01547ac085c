import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from detection.training.dense_config import BoxNoise, DenseTraining
from detection.training.dense_tiles import (
    INSIDE,
    MOST,
    CharacterTiles,
    class_ids_of,
    class_weights,
    codepoints_of,
    shake,
    warp,
)
from detection.training.page_store import EXACT, ROUGH, PageStore, StoredPage
from detection.training.tiles import PageSource
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from tests.detection.dense.conftest import CHARSET, glyph_page
from tests.detection.training.conftest import tiny_dense_config

STILL = BoxNoise(0.0, 0.0, 0.0)


def pages_of(folder: Path) -> list[StoredPage]:
    store = PageStore(folder)
    return [store.open(page_id) for page_id in store.page_ids()]


def in_memory(
    image: np.ndarray, boxes: np.ndarray, codepoints: tuple[str, ...], kinds: list[int] | None = None
) -> StoredPage:
    stored = np.array([EXACT] * len(boxes) if kinds is None else kinds, np.uint8)
    return StoredPage("page", "book", image, boxes, stored, codepoints=codepoints)


def glyphs_in_memory(**options: int) -> StoredPage:
    image, boxes, ids = glyph_page(**options)
    return in_memory(image, boxes, tuple(CHARSET.codepoints[shape] for shape in ids))


def tiles_of(*pages: StoredPage, **changes: object) -> CharacterTiles:
    return CharacterTiles([PageSource(pages)], CHARSET, dataclasses.replace(tiny_dense_config(), **changes))


def test_classes_are_those_of_exact_boxes_with_a_character_of_the_charset() -> None:
    boxes = np.tile(np.array([(1, 1, 9, 9)], np.float32), (4, 1))
    codepoints = ("U+306F", "U+306F", "U+9999", "U+306E")
    page = in_memory(np.zeros((9, 9, 3), np.uint8), boxes, codepoints, [EXACT, ROUGH, EXACT, EXACT])
    assert codepoints_of(page) == codepoints
    found = class_ids_of(page, CHARSET)
    assert found.tolist() == [1, -1, -1, 0]
    assert found.dtype == np.int64
    nothing = in_memory(np.zeros((9, 9, 3), np.uint8), boxes[:0], ())
    assert class_ids_of(nothing, CHARSET).shape == (0,)


def test_pages_whose_characters_are_not_stored_are_named() -> None:
    image, boxes, _ = glyph_page()
    with pytest.raises(TrainingError, match="page page: its characters are not stored: prepare the pages again"):
        tiles_of(in_memory(image, boxes, ()))


def test_without_a_character_there_is_nothing_to_learn() -> None:
    image, boxes, _ = glyph_page(columns=1, rows=1)
    rough = in_memory(image, boxes, ("U+306E",), [ROUGH])
    unknown = in_memory(image, boxes, ("U+9999",))
    empty = in_memory(image, boxes[:0], ())
    for pages in ([], [empty], [rough, unknown]):
        with pytest.raises(TrainingError, match="there is no character to learn: give a data folder"):
            tiles_of(*pages)


@pytest.mark.parametrize("shares", [(0.0, 1.0), (-1.0, 2.0), (float("nan"), 1.0), (float("inf"), 1.0)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float]) -> None:
    sources = [PageSource([glyphs_in_memory()], share) for share in shares]
    with pytest.raises(TrainingError, match="give numbers above 0"):
        CharacterTiles(sources, CHARSET, tiny_dense_config())


def test_sources_have_their_share_and_those_without_characters_have_none() -> None:
    dark, light = (glyphs_in_memory(columns=2, rows=2) for _ in range(2))
    dark = dataclasses.replace(dark, codepoints=("U+306E",) * 4)
    light = dataclasses.replace(light, codepoints=("U+306F",) * 4)
    empty = in_memory(np.zeros((9, 9, 3), np.uint8), np.zeros((0, 4), np.float32), ())
    sources = [PageSource([dark] * 3 + [empty], 1.0), PageSource([light], 3.0), PageSource([empty], 9.0)]
    tiles = CharacterTiles(sources, CHARSET, tiny_dense_config())
    firsts = [int(tiles[number][2].max()) for number in range(100)]
    assert 0.6 < np.mean([first == 1 for first in firsts if first >= 0]) < 0.9
    assert tiles.class_counts(4).tolist() == [12, 4, 0, 0]


def test_a_number_is_the_same_tile_in_every_run(glyphs: Path) -> None:
    first, second = (tiles_of(*pages_of(glyphs)) for _ in range(2))
    other = tiles_of(*pages_of(glyphs), seed=1)
    same = [all(map(torch.equal, first[number], second[number])) for number in (2, 0, 1)]
    assert same == [True] * 3
    assert not torch.equal(first[2][0], other[2][0])
    assert not torch.equal(first[2][0], first[3][0])


def test_shapes_and_types(glyphs: Path) -> None:
    tile, boxes, ids = tiles_of(*pages_of(glyphs))[0]
    assert (tile.shape, tile.dtype) == ((3, 96, 96), torch.uint8)
    assert (boxes.shape, boxes.dtype) == ((MOST, 4), torch.float32)
    assert (ids.shape, ids.dtype) == ((MOST,), torch.int64)
    count = int((ids >= 0).sum())
    assert count > 0
    assert bool((ids[count:] == -1).all())  # the first places are taken


def test_boxes_follow_the_picture_and_keep_their_classes() -> None:
    """The middle of every bar is dark, and of every empty frame as light as paper."""
    image = np.full((400, 400, 3), 255, np.uint8)
    boxes, codepoints = [], []
    for place in range(16):
        x, y = 40 + place % 4 * 80, 40 + place // 4 * 80
        image[y : y + 40, x : x + 40] = 0
        if place % 3:
            image[y + 6 : y + 34, x + 6 : x + 34] = 255
        boxes.append((x, y, x + 40, y + 40))
        codepoints.append("U+306F" if place % 3 else "U+306E")
    page = in_memory(image, np.array(boxes, np.float32), tuple(codepoints))
    tiles = tiles_of(page, tile_size=160, boxes=STILL)
    seen = set()
    for number in range(20):
        tile, placed, ids = tiles[number]
        for box, class_id in zip(placed.tolist(), ids.tolist(), strict=True):
            x, y = round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)
            if class_id < 0 or not (0 <= x < 160 and 0 <= y < 160):
                continue
            seen.add(class_id)
            assert (int(tile[:, y, x].max()) < 140) == (class_id == 0), (number, box)
    assert seen == {0, 1}


def test_characters_at_the_edge_are_not_read() -> None:
    tiles = tiles_of(glyphs_in_memory(columns=5, rows=5), boxes=STILL)
    for number in range(20):
        _, boxes, ids = tiles[number]
        kept = boxes[ids >= 0].numpy()
        middles, sides = (kept[:, :2] + kept[:, 2:]) / 2, kept[:, 2:] - kept[:, :2]
        assert (middles > INSIDE * sides).all()
        assert (middles < 96 - INSIDE * sides).all()


def test_of_more_tries_the_fullest_tile_is_taken() -> None:
    page = glyphs_in_memory(columns=6, rows=6)
    few, many = (tiles_of(page, tries=tries) for tries in (1, 8))
    counts = [[int((tiles[number][2] >= 0).sum()) for number in range(30)] for tiles in (few, many)]
    assert np.mean(counts[1]) > np.mean(counts[0]) + 0.5


def test_more_characters_than_a_tile_may_have_are_cut_off() -> None:
    boxes = np.tile(np.array([(30, 30, 60, 60)], np.float32), (MOST + 40, 1))
    page = in_memory(np.full((90, 90, 3), 255, np.uint8), boxes, ("U+306E",) * len(boxes))
    assert max(int((tiles_of(page)[number][2] >= 0).sum()) for number in range(4)) == MOST


def test_boxes_shake_about_their_places() -> None:
    boxes = np.tile(np.array([(10, 20, 50, 40)], np.float32), (4000, 1))
    assert np.array_equal(shake(boxes, STILL, np.random.default_rng(0)), boxes)
    assert shake(boxes[:0], BoxNoise(), np.random.default_rng(0)).shape == (0, 4)
    moved = shake(boxes, BoxNoise(0.1, 0.0, 0.0), np.random.default_rng(0)) - boxes
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved.std(axis=0), (4, 2, 4, 2), rtol=0.1)
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=0.3)
    wild = shake(boxes, BoxNoise(0.1, 1.0, 0.0), np.random.default_rng(0)) - boxes
    np.testing.assert_allclose(wild.std(axis=0), (8.3, 4.2, 8.3, 4.2), rtol=0.15)
    # No box is turned inside out, however far its sides go.
    farthest = shake(boxes, BoxNoise(9.0, 1.0, 0.0), np.random.default_rng(0))
    assert (farthest[:, 2:] - farthest[:, :2] > (11.6, 5.8)).all()


def test_a_tile_is_bent_a_little() -> None:
    tile = np.full((96, 96, 3), 255, np.uint8)
    tile[40:56, 40:56] = 0
    assert warp(tile, 0.0, np.random.default_rng(0)) is tile
    bent = [warp(tile, 1.0, np.random.default_rng(seed)) for seed in range(5)]
    assert all(each.shape == tile.shape and each.dtype == np.uint8 for each in bent)
    assert any(not np.array_equal(each, tile) for each in bent)
    for each in bent:
        y, x = np.nonzero(each[..., 0] < 128)
        assert abs(x.mean() - 47.5) < 3
        assert abs(y.mean() - 47.5) < 3


@pytest.mark.parametrize(
    ("power", "expected"),
    [(1.0, [1, 1, 1, 1]), (0.0, [1, 1, 0.25, 0.01]), (0.5, [1, 1, 0.5, 0.1])],
)
def test_rare_classes_count_more(power: float, expected: list[float]) -> None:
    found = class_weights(np.array([0, 1, 4, 100]), power)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


def test_settings_reach_the_tiles() -> None:
    config: DenseTraining = dataclasses.replace(tiny_dense_config(), tile_size=64)
    tile, *_ = CharacterTiles([PageSource([glyphs_in_memory()])], Charset(("U+306E",)), config)[0]
    assert tile.shape == (3, 64, 64)
