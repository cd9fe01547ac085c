"""Threshold and connected components, the same for the ink and for a learned score map."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Components:
    """Connected pieces of one map.

    Attributes:
        labels: int32 (H, W), 0 outside, i + 1 on the i-th component.
        boxes: float32 (N, 4), xyxy in map pixels, right and bottom exclusive.
        areas: int32 (N,), pixels.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.float32]
    areas: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def of_mask(cls, mask: NDArray[np.uint8], connectivity: int = 8) -> Self:
        """The components of a binary map (H, W), any value above 0 is set; in the order of their first pixel."""
        if mask.size == 0:
            return cls(np.zeros(mask.shape, np.int32), np.zeros((0, 4), np.float32), np.zeros(0, np.int32))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity, ltype=cv2.CV_32S)
        left, top = stats[1:, cv2.CC_STAT_LEFT], stats[1:, cv2.CC_STAT_TOP]
        right, bottom = left + stats[1:, cv2.CC_STAT_WIDTH], top + stats[1:, cv2.CC_STAT_HEIGHT]
        boxes = np.stack([left, top, right, bottom], axis=1).astype(np.float32)
        return cls(np.asarray(labels, np.int32), boxes, np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32))


def threshold(score_map: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    """A binary map (H, W): 255 where the score map exceeds the level, else 0."""
    if score_map.size == 0:
        return np.zeros(score_map.shape, np.uint8)
    return np.asarray(cv2.threshold(score_map, level, 255, cv2.THRESH_BINARY)[1], np.uint8)
