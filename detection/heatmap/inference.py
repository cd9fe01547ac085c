"""The network on whole pages: padding, tiles where memory is short, several scales averaged, half precision."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detection.heatmap.decode import ScoreMaps
from detection.heatmap.network import COARSEST, STRIDE, UNIT
from detection.heatmap.page_input import scaled_hw

OVERLAP = 128
"""Pixels that neighboring tiles share; a tile answers for all but its outer half of it, so every cell has context."""
PAPER = 255
Span = tuple[int, int]
"""First and one past the last pixel along one side."""


def to_network(pages: Tensor) -> Tensor:
    """Levelled pages uint8 (N, 3, H, W) as the network takes them: float32, paper 0, black 1."""
    return 1.0 - pages.to(torch.float32) / 255.0


def pad_to_network(image: NDArray[np.uint8], device: torch.device) -> Tensor:
    """A levelled page uint8 (H, W, 3) as the network takes it, (1, 3, h, w): with paper around it to whole cells."""
    height, width = image.shape[:2]
    bottom, right = -height % COARSEST, -width % COARSEST
    padded = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(PAPER, PAPER, PAPER))
    pages = torch.from_numpy(np.asarray(padded)).permute(2, 0, 1)[None].to(device)
    return to_network(pages).contiguous(memory_format=torch.channels_last)


class MapReader:
    """Runs a network over pages of any size."""

    def __init__(
        self, network: nn.Module, device: torch.device, *, half: bool = False, max_pixels: int = 6_000_000
    ) -> None:
        """Takes a network over; it is put in evaluation mode and moved to the device.

        Args:
            network: (N, 3, H, W) -> (N, 5, H / 4, W / 4), see `HeatmapNet`.
            device: where it runs.
            half: computes in 16 bits where torch deems it safe.
            max_pixels: larger pages are read in overlapping tiles of about this many pixels at most.
        """
        self.network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.device = device
        self.half = half
        self.max_pixels = max_pixels

    def read(self, image: NDArray[np.uint8]) -> ScoreMaps:
        """The maps of a levelled page uint8 (H, W, 3); (ceil(H / 4), ceil(W / 4)) cells."""
        height, width = image.shape[:2]
        out = np.zeros((5, -(-height // STRIDE), -(-width // STRIDE)), np.float32)
        for rows, columns in windows(height, width, self.max_pixels):
            part = self._run(image[rows[0] : rows[1], columns[0] : columns[1]])
            top, bottom = _inner(rows, height)
            left, right = _inner(columns, width)
            inner = part[:, top - rows[0] // STRIDE :, left - columns[0] // STRIDE :]
            out[:, top:bottom, left:right] = inner[:, : bottom - top, : right - left]
        return ScoreMaps(out[0], out[1:])

    def read_scales(self, image: NDArray[np.uint8], scales: Sequence[float]) -> ScoreMaps:
        """The mean of the maps read at several sizes of the page, at the size of the page as given."""
        if image.size == 0:
            return self.read(image)
        read = [self._read_scaled(image, scale) for scale in scales]
        heat = np.stack([maps.heat for maps in read]).mean(axis=0)
        # Distances are averaged where a scale sees a character; elsewhere they mean nothing.
        weights = np.stack([maps.heat + 1e-6 for maps in read])[:, None]
        sides = (np.stack([maps.sides for maps in read]) * weights).sum(axis=0) / weights.sum(axis=0)
        return ScoreMaps(np.asarray(heat, np.float32), sides.astype(np.float32))

    def _read_scaled(self, image: NDArray[np.uint8], scale: float) -> ScoreMaps:
        """The maps read at one size of the page, at the size of the page as given."""
        if scale == 1.0:
            return self.read(image)
        height, width = scaled_hw((image.shape[0], image.shape[1]), scale)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)
        size = (-(-image.shape[1] // STRIDE), -(-image.shape[0] // STRIDE))
        return _resized(self.read(scaled), size, scale)

    def _run(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The network's five maps of one part, float32 (5, h, w): score, then distances in pixels."""
        height, width = image.shape[:2]
        with torch.inference_mode():
            ready = pad_to_network(image, self.device)
            with torch.autocast(self.device.type, self._half_type(), enabled=self.half):
                maps: Tensor = self.network(ready)
            maps = maps.float()[0, :, : -(-height // STRIDE), : -(-width // STRIDE)]
            done = torch.cat([maps[:1].sigmoid(), maps[1:].clamp(-4.0, 4.0).exp() * UNIT])
            return done.cpu().numpy()

    def _half_type(self) -> torch.dtype:
        return torch.float16 if self.device.type == "cuda" else torch.bfloat16


def _resized(maps: ScoreMaps, size: tuple[int, int], scale: float) -> ScoreMaps:
    """Maps read at a scale, brought to a (width, height) of cells at scale 1."""
    heat = np.asarray(cv2.resize(maps.heat, size, interpolation=cv2.INTER_LINEAR), np.float32)
    sides = [np.asarray(cv2.resize(side, size, interpolation=cv2.INTER_LINEAR)) for side in maps.sides]
    return ScoreMaps(heat, (np.stack(sides) / scale).astype(np.float32))


def windows(height: int, width: int, max_pixels: int) -> list[tuple[Span, Span]]:
    """Rows and columns of overlapping parts of about `max_pixels` at most; the whole page where it is no larger."""
    if height * width <= max_pixels:
        return [((0, height), (0, width))] if height and width else []
    side = max(int(math.sqrt(max_pixels)) // COARSEST * COARSEST, 2 * OVERLAP)
    return [(rows, columns) for rows in _spans(height, side) for columns in _spans(width, side)]


def inner_pixels(span: Span, length: int) -> Span:
    """First and one past the last pixel that a part answers for: without half the overlap, but at the page's ends."""
    margin = OVERLAP // 2
    return (0 if span[0] == 0 else span[0] + margin), (length if span[1] == length else span[1] - margin)


def _spans(length: int, side: int) -> list[Span]:
    """Overlapping stretches of `side` pixels, starts at multiples of the coarsest stride."""
    if length <= side:
        return [(0, length)]
    step = side - OVERLAP
    starts = range(0, length - OVERLAP, step)
    return [(start, min(start + side, length)) for start in starts]


def _inner(span: Span, length: int) -> Span:
    """As `inner_pixels`, in cells."""
    first, last = inner_pixels(span, length)
    return first // STRIDE, -(-length // STRIDE) if last == length else last // STRIDE
