"""Whole validation pages: what the network finds on them, and how much of it is right."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from detection.heatmap.decode import DecodeConfig, decode
from detection.heatmap.inference import MapReader
from detection.heatmap.page_input import scaled_hw
from detection.training.page_store import EXACT, StoredPage

MatchPoints = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[int, int, int]]
"""The metric: truth boxes float32 (N, 4) xyxy and points float32 (M, 2) in, tp, fp and fn out."""


class ValidationPage(NamedTuple):
    """A page at the size of the network, and its truth; Lightning moves named tuples about, but no dataclasses.

    Attributes:
        image: uint8 (H, W, 3), levelled.
        boxes: float32 (N, 4), xyxy in pixels of the image.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]


class ValidationPages(Dataset[ValidationPage]):
    """The pages whose every character is annotated exactly, scaled so that characters have the network's size."""

    def __init__(self, pages: Sequence[StoredPage], size: float) -> None:
        self.pages = [page for page in pages if bool((page.kinds == EXACT).all())]
        self.size = size

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, place: int) -> ValidationPage:
        """One page; an empty one behind the last."""
        if place >= len(self.pages):
            return ValidationPage(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 4), np.float32))
        page = self.pages[place]
        zoom = min(self.size / page.character_size, 1.5)
        hw = scaled_hw((page.image.shape[0], page.image.shape[1]), zoom)
        return ValidationPage(_resize(page.image, hw), page.boxes * np.float32(zoom))


def _resize(image: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    channels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    small = torch.nn.functional.interpolate(channels, size_hw, mode="bilinear", antialias=True, align_corners=False)
    return np.ascontiguousarray(small[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy())


class PageMatcher:
    """Counts over pages: `update`, `ratios`, `reset`.

    Attributes:
        counts: tp, fp, fn so far.
    """

    def __init__(self, match: MatchPoints) -> None:
        self.match = match
        self.decode = DecodeConfig()
        self.counts = [0, 0, 0]

    def reset(self) -> None:
        """Forgets everything."""
        self.counts = [0, 0, 0]

    def update(self, network: nn.Module, page: ValidationPage, device: torch.device) -> None:
        """Counts one page."""
        found = decode(MapReader(network, device).read(page.image), self.decode)
        for place, value in enumerate(self.match(page.boxes, found.points)):
            self.counts[place] += value

    @staticmethod
    def ratios(counts: Tensor) -> dict[str, float]:
        """Precision, recall and f1 of float (3,) tp, fp, fn; 0 where undefined."""
        tp, fp, fn = (float(value) for value in counts)
        return {
            "precision": tp / max(tp + fp, 1.0),
            "recall": tp / max(tp + fn, 1.0),
            "f1": 2 * tp / max(2 * tp + fp + fn, 1.0),
        }
