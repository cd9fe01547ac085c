"""Fixtures of the score map's tests: a network of a few weights, and one that is never wrong."""

import threading

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from detection.training.page_store import EXACT
from detection.training.targets import make_targets
from kuzushiji_submit.core.components import Components
from tests.one_thread import one_thread  # noqa: F401 - a fixture of every test here

TINY = HeatmapNetConfig(widths=(4, 4, 6, 6, 8), depths=(1, 2, 1, 1), pyramid=4)


class BlobNet(nn.Module):
    """Finds dark blobs as a perfectly trained network would find characters, and notes the pages that it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen_hw: list[tuple[int, int]] = []
        self.lock = threading.Lock()

    def forward(self, pages: Tensor) -> Tensor:
        """float32 (N, 3, H, W), paper 0 -> (N, 5, H / 4, W / 4)."""
        with self.lock:
            self.seen_hw.append((pages.shape[2], pages.shape[3]))
        return torch.stack([self._maps(page) for page in pages.mean(dim=1).cpu().numpy()]).to(pages.device)

    @staticmethod
    def _maps(darkness: np.ndarray) -> Tensor:
        found = Components.of_mask(np.asarray(darkness > 0.4, np.uint8))
        boxes = found.boxes[found.areas > 30]
        targets = make_targets(boxes, np.full(len(boxes), EXACT, np.uint8), darkness.shape)
        maps = np.concatenate([targets.heat[None] * 12 - 6, np.log(np.maximum(targets.sides, 1e-3))])
        return torch.from_numpy(maps.astype(np.float32))


def blob_page(size: int = 32, columns: int = 4, rows: int = 6, gap: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """A page of black squares uint8 (H, W, 3), and their boxes float32 (N, 4)."""
    pitch = size + gap
    page = np.full((rows * pitch + 2 * gap, columns * pitch + 2 * gap, 3), (222, 205, 170), np.uint8)
    boxes = [
        (gap + x * pitch, gap + y * pitch, gap + x * pitch + size, gap + y * pitch + size)
        for y in range(rows)
        for x in range(columns)
    ]
    for left, top, right, bottom in boxes:
        cv2.rectangle(page, (left, top), (right - 1, bottom - 1), (20, 20, 20), cv2.FILLED)
    return page, np.array(boxes, np.float32)


@pytest.fixture
def network() -> HeatmapNet:
    """A tiny network whose output depends on the page, as that of a fresh one hardly does."""
    torch.manual_seed(0)
    net = HeatmapNet(TINY)
    with torch.no_grad():
        net.head[-1].weight.normal_(std=8.0)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return net.eval()
