"""Whole validation pages: what the detector finds on them, and how much of it is right."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset
from torchmetrics import Metric

from detection.heatmap.detector import HeatmapDetector
from detection.training.page_store import EXACT, StoredPage
from kuzushiji_submit.core.page.prepared import take_levelled

MatchPoints = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[int, int, int]]
"""The metric: truth boxes float32 (N, 4) xyxy and points float32 (M, 2) in, tp, fp and fn out."""


class ValidationPage(NamedTuple):
    """A stored page and its truth; Lightning moves named tuples about, but no dataclasses.

    Attributes:
        image: uint8 (H, W, 3), levelled.
        boxes: float32 (N, 4), xyxy in pixels of the image.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]


class ValidationPages(Dataset[ValidationPage]):
    """The pages whose every character is annotated exactly, as they are stored."""

    def __init__(self, pages: Sequence[StoredPage]) -> None:
        self.pages = [page for page in pages if bool((page.kinds == EXACT).all())]

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, place: int) -> ValidationPage:
        """One page; an empty one behind the last."""
        if place >= len(self.pages):
            return ValidationPage(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 4), np.float32))
        page = self.pages[place]
        return ValidationPage(np.array(page.image), page.boxes)


class PageMatcher(Metric):
    """Precision, recall and F1 over pages, read as `predict` reads them, added up over all processes.

    The detector that the network will serve in looks at the page, estimates its characters' size and reads it again at
    two sizes; a figure at the size that the truth gives would flatter. The paper was levelled when the page was stored,
    once, as `predict` levels it.
    """

    full_state_update = False

    def __init__(self, match: MatchPoints) -> None:
        super().__init__()
        self.match = match
        self.counts: Tensor  # tp, fp, fn
        self.add_state("counts", torch.zeros(3, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, network: nn.Module, page: ValidationPage, device: torch.device) -> None:
        """Counts one page."""
        found = HeatmapDetector(network, device=str(device)).detect(take_levelled(page.image))
        self.counts += torch.tensor(self.match(page.boxes, found.points), device=self.counts.device)

    def compute(self) -> dict[str, float]:
        """Precision, recall and f1; 0 where undefined."""
        tp, fp, fn = (float(value) for value in self.counts)
        return {
            "precision": tp / max(tp + fp, 1.0),
            "recall": tp / max(tp + fn, 1.0),
            "f1": 2 * tp / max(2 * tp + fp + fn, 1.0),
        }
