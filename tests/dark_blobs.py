"""The smallest detector that could be: whatever is darker than a learned threshold, in connected pieces."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from detection.detections import Detections
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.core.registry import register


@dataclass(frozen=True)
class DarkBlobsConfig:
    """Settings of `DarkBlobs`.

    Attributes:
        smallest: pixels that a character has at least.
    """

    smallest: int = 200


@register("detector", "dark_blobs", DarkBlobsConfig)
class DarkBlobs(nn.Module):
    """A network that finds the boxes itself, and so is a detector."""

    def __init__(self, config: DarkBlobsConfig) -> None:
        super().__init__()
        self.config = config
        self.threshold = nn.Parameter(torch.tensor(0.5))

    def detect(self, page: PreparedPage) -> Detections:
        """The dark pieces of a page, in page pixels."""
        dark = (page.pixels.max(axis=2) < 255 * self.threshold.item()).astype(np.uint8)
        pieces = cv2.connectedComponentsWithStats(dark)[2][1:]
        left, top, width, height, area = pieces[pieces[:, 4] >= self.config.smallest].T
        boxes = np.stack([left, top, left + width, top + height], axis=1).astype(np.float32)
        return Detections(boxes, np.ones(len(area), np.float32))
