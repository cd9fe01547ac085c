"""The columns of a page: where they run, and which ink belongs to which."""

import logging
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.components import Components

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ColumnConfig:
    """Settings of `find_columns`; lengths in units of the page's character size.

    Attributes:
        blur_x: Gaussian blur across columns. Less tells ruby from its column, more joins the halves of wide characters.
        blur_y: Gaussian blur along columns.
        spacing: two columns are at least this far apart.
        min_density: least blurred ink on a column's axis, 0 to 1.
        whole: a component with this part of its ink in one column goes there entirely; others are divided.
        reach: ink further than this from every axis belongs to no column.
        join_across: two axes closer than this are one column's, broken at a wide character, unless they run side by
            side,
        join_along: that is, overlap by more than this.
    """

    blur_x: float = 0.22
    blur_y: float = 1.0
    spacing: float = 0.45
    min_density: float = 0.06
    whole: float = 0.75
    reach: float = 0.9
    join_across: float = 0.55
    join_along: float = 2.0


@dataclass(frozen=True)
class ColumnMap:
    """The columns of a page.

    Attributes:
        labels: int32 (H, W), 0 outside the columns' ink, else the number of the column, from 1 on.
        axis_x: float32 (columns + 1, H), x of each column's axis in each row, carried on beyond its ends; row 0 is
            unused.
    """

    labels: NDArray[np.int32]
    axis_x: NDArray[np.float32]


def column_axes(mask: NDArray[np.uint8], unit: float, config: ColumnConfig) -> NDArray[np.uint8]:
    """Find the axes of the columns as ridges of the blurred ink.

    Ink blurred far more along columns than across them has one ridge a column, straight or slanted; a point is on it
    where no point beside it within `spacing` is darker. (The blurred-ridge idea is that of Li, Zheng, Doermann & Jaeger
    2008 for text lines, turned by 90 degrees.)

    Args:
        mask: uint8 (H, W), above 0 on ink.
        unit: the character size in pixels.
        config: settings.

    Returns:
        uint8 (H, W), 255 on axes.
    """
    if mask.size == 0:
        return np.zeros(mask.shape, np.uint8)
    ink = np.asarray(mask > 0, np.float32)
    blurred = cv2.GaussianBlur(ink, (0, 0), sigmaX=config.blur_x * unit, sigmaY=config.blur_y * unit)
    reach = 2 * max(1, round(config.spacing * unit)) + 1
    highest = cv2.dilate(blurred, np.ones((1, reach), np.uint8))
    ridge = np.asarray((blurred >= highest - 1e-6) & (blurred > config.min_density), np.uint8) * 255
    # A bar as wide as a ridge may jump between rows joins it into one piece.
    bar = np.ones((max(1, round(0.2 * unit)), 3), np.uint8)
    return np.asarray(cv2.dilate(ridge, bar), np.uint8)


def find_columns(mask: NDArray[np.uint8], unit: float, config: ColumnConfig) -> ColumnMap:
    """Give every ink pixel a column.

    Pixels go to the nearest axis, distances along columns counting half; a component mostly in one column goes there
    whole, so that a long tail is not cut off by its neighbor's axis. Ink far from every axis belongs to none.

    Args:
        mask: uint8 (H, W), above 0 on ink.
        unit: the character size in pixels.
        config: settings.

    Returns:
        The columns.
    """
    axes = column_axes(mask, unit, config)
    if not axes.any():
        return ColumnMap(np.zeros(mask.shape, np.int32), np.zeros((1, mask.shape[0]), np.float32))
    nearest, distance = _nearest_axis(axes)
    nearest = _join(nearest, _axis_positions(nearest, distance), unit, config)
    components = Components.of_mask(mask)
    rows, columns = np.nonzero(mask)
    piece = components.labels[rows, columns] - 1
    column = nearest[rows, columns]
    column = _keep_whole(piece, column, len(components), config.whole)
    column = np.where(distance[rows, columns] <= config.reach * unit, column, 0)
    out = np.zeros(mask.shape, np.int32)
    out[rows, columns] = column
    return ColumnMap(out, _axis_positions(nearest, distance)[0])


def _join(
    nearest: NDArray[np.int32], axes: tuple[NDArray[np.float32], NDArray[np.int64]], unit: float, config: ColumnConfig
) -> NDArray[np.int32]:
    """Renumber pixels so that the axes of one broken column share a number."""
    axis_x, extent = axes
    count = len(axis_x)
    root = np.arange(count)
    for gap, a, b in _neighbors(axis_x, extent, unit, config):
        group_a, group_b = np.flatnonzero(root == root[a]), np.flatnonzero(root == root[b])
        if root[a] != root[b] and not _side_by_side(extent, group_a, group_b, config.join_along * unit):
            root[group_b] = root[a]
            logger.debug("axes %d and %d joined, %.1f px apart", a, b, gap)
    numbers = np.zeros(count, np.int32)
    roots = np.unique(root[1:])
    numbers[1:] = np.searchsorted(roots, root[1:]) + 1
    return np.asarray(numbers[nearest], np.int32)


def _neighbors(
    axis_x: NDArray[np.float32], extent: NDArray[np.int64], unit: float, config: ColumnConfig
) -> list[tuple[float, int, int]]:
    """Pairs of axes of which one may carry the other on: their distance in pixels and their numbers, nearest first."""
    pairs = []
    for a in range(1, len(axis_x)):
        for b in range(a + 1, len(axis_x)):
            top, bottom = max(extent[a, 0], extent[b, 0]), min(extent[a, 1], extent[b, 1])
            if bottom - top > config.join_along * unit or top - bottom > 0.3 * unit:
                continue
            rows = slice(min(top, bottom), max(top, bottom) + 1)
            distance = float(np.abs(axis_x[a, rows] - axis_x[b, rows]).mean())
            if distance < config.join_across * unit:
                pairs.append((distance, a, b))
    return sorted(pairs)


def _side_by_side(extent: NDArray[np.int64], a: NDArray[np.intp], b: NDArray[np.intp], most: float) -> bool:
    """Whether an axis of one group and an axis of the other overlap by more than `most` rows."""
    top = np.maximum(extent[a, None, 0], extent[None, b, 0])
    bottom = np.minimum(extent[a, None, 1], extent[None, b, 1])
    return bool((bottom - top > most).any())


def _axis_positions(
    nearest: NDArray[np.int32], distance: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Where the axes run.

    Returns:
        float32 (columns + 1, H), x of every axis in every row, carried on beyond its ends; int64 (columns + 1, 2), its
        first and last row.
    """
    height = nearest.shape[0]
    count = int(nearest.max()) + 1
    ys, xs = np.nonzero(distance == 0)
    place = nearest[ys, xs].astype(np.int64) * height + ys
    pixels = np.bincount(place, minlength=count * height).reshape(count, height)
    total = np.bincount(place, weights=xs, minlength=count * height).reshape(count, height)
    rows = np.arange(height)
    out = np.zeros((count, height), np.float32)
    extent = np.zeros((count, 2), np.int64)
    for number in range(1, count):
        known = pixels[number] > 0
        if known.any():
            out[number] = np.interp(rows, rows[known], total[number][known] / pixels[number][known])
            extent[number] = rows[known][[0, -1]]
    return out, extent


def _nearest_axis(axes: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """For every pixel the number, from 1 on, of the nearest axis, and its distance; rows count half."""
    height, width = axes.shape
    squashed = cv2.resize(axes, (width, max(1, height // 2)), interpolation=cv2.INTER_AREA)
    outside = np.asarray(squashed == 0, np.uint8)
    distance, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    rows = np.minimum(np.arange(height) // 2, labels.shape[0] - 1)
    return np.asarray(labels[rows], np.int32), np.asarray(distance[rows], np.float32)


def _keep_whole(piece: NDArray[np.int32], column: NDArray[np.int32], pieces: int, whole: float) -> NDArray[np.int32]:
    """Move the pixels of a component mostly in one column to that column; all arrays (P,) of pixels."""
    count = int(column.max()) + 1
    votes = np.bincount(piece.astype(np.int64) * count + column, minlength=pieces * count).reshape(pieces, count)
    winner = votes.argmax(axis=1)
    sure = votes.max(axis=1) >= whole * votes.sum(axis=1)
    return np.where(sure[piece], winner[piece], column).astype(np.int32)
