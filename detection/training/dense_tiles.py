"""Tiles of stored pages with their characters, for the dense reader."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from detection.training.augment import Tile, change_look
from detection.training.dense_config import BoxNoise, DenseTraining
from detection.training.page_store import EXACT, StoredPage
from detection.training.tiles import PageSource, cut, moved, placement
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError

CharacterBatch = tuple[Tensor, Tensor, Tensor]
"""Tiles uint8 (N, 3, S, S), boxes float32 (N, MOST, 4) in their pixels, class ids int64 (N, MOST), -1 where none is."""
MOST = 160
"""Characters of a tile that are read at most; one of 320 pixels holds about thirty."""
INSIDE = 0.35
"""A character is read where its middle lies this part of its sides inside the tile."""
_FARTHEST = 0.35  # of a box's side: no side moves farther
_WARP_CELL = 16  # pixels of a tile between two places that are warped on their own


def codepoints_of(page: StoredPage) -> tuple[str, ...]:
    """What each of a page's N boxes holds.

    Raises:
        TrainingError: if nobody said so.
    """
    if len(page.codepoints) != len(page.boxes):
        raise TrainingError(f"page {page.page_id}: its characters are not stored: prepare the pages again")
    return page.codepoints


def class_ids_of(page: StoredPage, charset: Charset) -> NDArray[np.int64]:
    """int64 (N,): the class of each box, -1 where it is placed roughly or holds no character of the charset.

    Raises:
        TrainingError: if nobody said what the boxes hold.
    """
    ids = np.array(charset.class_ids(codepoints_of(page)), np.int64)
    return np.where(page.kinds == EXACT, ids, -1)


class CharacterTiles(Dataset[CharacterBatch]):
    """An endless row of tiles: number n is the same in every process and every run of one seed."""

    def __init__(self, sources: Sequence[PageSource], charset: Charset, config: DenseTraining) -> None:
        """Takes the pages that have characters to learn from.

        Raises:
            TrainingError: if there is none, or a share is not above 0.
        """
        self.config = config
        self.sources: list[tuple[list[StoredPage], list[NDArray[np.int64]]]] = []
        shares = []
        for source in sources:
            ids = [class_ids_of(page, charset) for page in source.pages]
            kept = [place for place, of_page in enumerate(ids) if (of_page >= 0).any()]
            if kept:
                self.sources.append(([source.pages[place] for place in kept], [ids[place] for place in kept]))
                shares.append(source.share)
        if not self.sources:
            raise TrainingError(
                "there is no character to learn: give a data folder whose pages hold some of the charset"
            )
        if not (np.isfinite(shares).all() and min(shares) > 0):
            raise TrainingError(f"the shares of the sources are {shares}: give numbers above 0")
        self._shares = np.array(shares) / sum(shares)

    def class_counts(self, classes: int) -> NDArray[np.int64]:
        """int64 (classes,): characters of each class on the pages."""
        every = [of_page[of_page >= 0] for _, ids in self.sources for of_page in ids]
        return np.bincount(np.concatenate(every), minlength=classes)

    def __getitem__(self, number: int) -> CharacterBatch:
        """Tile `number`: see `CharacterBatch`, without the first axis."""
        rng = np.random.default_rng([self.config.seed, number])
        tile, boxes, ids = self._tile(rng)
        shines = rng.random() < self.config.augment.show_through
        tile = change_look(tile, self._tile(rng)[0] if shines else None, self.config.augment, rng)
        tile = warp(tile, self.config.boxes.elastic * self.config.augment.smallest, rng)
        boxes, ids = _readable(boxes, ids, self.config.tile_size)
        padded, padded_ids = np.zeros((MOST, 4), np.float32), np.full(MOST, -1, np.int64)
        count = min(len(boxes), MOST)
        padded[:count] = shake(boxes, self.config.boxes, rng)[:count]
        padded_ids[:count] = ids[:count]
        pixels = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1)))
        return pixels, torch.from_numpy(padded), torch.from_numpy(padded_ids)

    def _tile(self, rng: np.random.Generator) -> tuple[Tile, NDArray[np.float32], NDArray[np.int64]]:
        pages, ids = self.sources[int(rng.choice(len(self.sources), p=self._shares))]
        place, size = int(rng.integers(len(pages))), self.config.tile_size
        page, image = pages[place], pages[place].image
        matrices = [
            placement(page, image.shape[:2], size, self.config.augment, rng, near_text=1.0)
            for _ in range(self.config.tries)
        ]
        # Most of a page is paper: a tile that holds more characters teaches more at the same cost.
        matrix = max(matrices, key=lambda each: len(_readable(moved(page.boxes, each), ids[place], size)[0]))
        return cut(image, matrix, size), moved(page.boxes, matrix), ids[place]


def _readable(
    boxes: NDArray[np.float32], ids: NDArray[np.int64], size: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The boxes that have a class and lie well inside the tile."""
    sides, middles = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middles > INSIDE * sides) & (middles < size - INSIDE * sides)).all(axis=1)
    kept = inside & (ids >= 0)
    return boxes[kept], ids[kept]


def shake(boxes: NDArray[np.float32], noise: BoxNoise, rng: np.random.Generator) -> NDArray[np.float32]:
    """Boxes float32 (N, 4) with each side moved by chance."""
    far = np.where(rng.random((len(boxes), 1)) < noise.far, 2.5, 1.0) * noise.usual
    parts = np.clip(rng.standard_normal((len(boxes), 4)) * far, -_FARTHEST, _FARTHEST)
    return (boxes + parts * np.tile(boxes[:, 2:] - boxes[:, :2], 2)).astype(np.float32)


def warp(tile: Tile, largest: float, rng: np.random.Generator) -> Tile:
    """A tile bent smoothly, by `largest` pixels of standard deviation at most."""
    if largest <= 0:
        return tile
    size = tile.shape[0]
    cells = size // _WARP_CELL + 2
    field = rng.standard_normal((cells, cells, 2), dtype=np.float32) * np.float32(rng.uniform(0, largest))
    bent = np.asarray(cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32)
    moved_to = grid + bent
    out = cv2.remap(tile, moved_to, None, cv2.INTER_LINEAR, borderValue=(255, 255, 255))  # type: ignore[call-overload]
    return np.asarray(out, np.uint8)


def class_weights(counts: NDArray[np.int64], power: float) -> NDArray[np.float32]:
    """float32 (C,): how much a character of each class counts; 1 for the rarest."""
    return (np.maximum(counts, 1).astype(np.float64) ** (power - 1)).astype(np.float32)
