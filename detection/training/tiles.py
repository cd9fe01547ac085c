"""Tiles cut from stored pages, turned, scaled and distorted by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from detection.training.augment import TileAugmentConfig, change_look
from detection.training.page_store import StoredPage
from detection.training.targets import Targets, make_targets
from kuzushiji_submit.core.errors import TrainingError

TileBatch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Tiles uint8 (N, 3, S, S), and of `Targets` heat, weight (N, s, s), sides (N, 4, s, s) and has_sides (N, s, s)."""
NEAR_TEXT = 0.8
"""Part of the tiles of a page with characters that are laid over one of them; the others lie anywhere."""


@dataclass(frozen=True)
class PageSource:
    """Pages and their part in a run.

    Attributes:
        pages: the pages.
        share: the part of the tiles that is from here, relative to the other sources.
    """

    pages: Sequence[StoredPage]
    share: float = 1.0


class TileDataset(Dataset[TileBatch]):
    """An endless row of tiles: number n is the same in every process and every run of one seed."""

    def __init__(self, sources: Sequence[PageSource], size: int, augment: TileAugmentConfig, seed: int) -> None:
        """Takes the pages.

        Args:
            sources: where tiles come from.
            size: side of a tile in pixels, a multiple of 32.
            augment: how they are distorted.
            seed: of everything that is drawn.

        Raises:
            TrainingError: if there is no page, or a share is not above 0.
        """
        self.sources = [source for source in sources if len(source.pages)]
        if not self.sources:
            raise TrainingError("there is no page to train on: give a data folder with pages, or hold out fewer books")
        shares = np.array([source.share for source in self.sources])
        if not (np.isfinite(shares).all() and (shares > 0).all()):
            raise TrainingError(f"the shares of the sources are {shares.tolist()}: give numbers above 0")
        self._shares = shares / shares.sum()
        self.size, self.augment, self.seed = size, augment, seed

    def __getitem__(self, number: int) -> TileBatch:
        """Tile `number`: see `TileBatch`, without the first axis."""
        rng = np.random.default_rng([self.seed, number])
        page = self._draw_page(rng)
        tile, targets = cut_tile(page, self.size, self.augment, rng)
        shines = rng.random() < self.augment.show_through
        back = cut_tile(self._draw_page(rng), self.size, self.augment, rng)[0] if shines else None
        return _tensors(change_look(tile, back, self.augment, rng), targets)

    def _draw_page(self, rng: np.random.Generator) -> StoredPage:
        source = self.sources[int(rng.choice(len(self.sources), p=self._shares))]
        return source.pages[int(rng.integers(len(source.pages)))]


def _tensors(tile: NDArray[np.uint8], targets: Targets) -> TileBatch:
    return (
        torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1))),
        torch.from_numpy(targets.heat),
        torch.from_numpy(targets.weight),
        torch.from_numpy(targets.sides),
        torch.from_numpy(targets.has_sides),
    )


def cut_tile(
    page: StoredPage, size: int, config: TileAugmentConfig, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Targets]:
    """One tile in a random place, size, turn and slant, and its targets.

    Args:
        page: the page.
        size: side of the tile in pixels.
        config: how far.
        rng: the source of randomness.

    Returns:
        uint8 (S, S, 3) RGB, white outside the page; its targets.
    """
    image = page.image
    matrix = placement(page, image.shape[:2], size, config, rng)  # page to tile
    tile = cut(image, matrix, size)
    boxes = moved(page.boxes, matrix)
    inside = (boxes[:, 2:] > 0).all(axis=1) & (boxes[:, :2] < size).all(axis=1)
    return tile, make_targets(boxes[inside], page.kinds[inside], (size, size))


def placement(
    page: StoredPage,
    page_hw: tuple[int, ...],
    size: int,
    config: TileAugmentConfig,
    rng: np.random.Generator,
    near_text: float = NEAR_TEXT,
) -> NDArray[np.float64]:
    """The affine map float64 (2, 3) from the page's pixels to the tile's.

    Args:
        page: the page.
        page_hw: height and width of its image.
        size: side of the tile in pixels.
        config: how far it is turned, slanted and scaled.
        rng: the source of randomness.
        near_text: how often the tile is laid over a character, where there is one.
    """
    wanted = np.exp(rng.uniform(np.log(config.smallest), np.log(config.largest)))
    zoom = wanted / page.character_size
    aspect = np.exp(rng.uniform(-config.aspect, config.aspect) / 2)
    angle, slant = np.deg2rad(rng.uniform(-config.rotate, config.rotate)), rng.uniform(-config.shear, config.shear)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag([zoom * aspect, zoom / aspect])
    if len(page.boxes) and rng.random() < near_text:
        box = page.boxes[int(rng.integers(len(page.boxes)))]
        center = (box[:2] + box[2:]) / 2
    else:
        center = rng.random(2) * (page_hw[1], page_hw[0])
    target = rng.uniform(0.15, 0.85, 2) * size
    return np.concatenate([linear, (target - linear @ center)[:, None]], axis=1)


def cut(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """The tile; only the part of the page under it is read, and shrunk by area before it is turned."""
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
    on_page = corners @ inverse[:, :2].T + inverse[:, 2]
    height, width = image.shape[:2]
    x0, y0 = (max(int(np.floor(value)) - 2, 0) for value in on_page.min(axis=0))
    x1, y1 = np.ceil(on_page.max(axis=0)).astype(int) + 2
    part = np.ascontiguousarray(image[y0 : max(min(y1, height), y0), x0 : max(min(x1, width), x0)])
    if part.size == 0:
        return np.full((size, size, 3), 255, np.uint8)
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (x0, y0)
    zoom = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if zoom < 0.7:  # sampling alone would alias
        smaller = (max(1, round(part.shape[1] * zoom)), max(1, round(part.shape[0] * zoom)))
        moved[:, :2] = moved[:, :2] @ np.diag([part.shape[1] / smaller[0], part.shape[0] / smaller[1]])
        part = np.asarray(cv2.resize(part, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    tile = cv2.warpAffine(part, moved, (size, size), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return np.asarray(tile, np.uint8)


def moved(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """The boxes float32 (N, 4) around the moved centers: turns are small, so sides only scale."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(np.diag(np.diag(matrix[:, :2])))
    return np.concatenate([centers - halves, centers + halves], axis=1).astype(np.float32)
