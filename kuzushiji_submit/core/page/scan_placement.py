"""Where a page lies on the scan that it was cut out of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ScanPlacement:
    """A page that is a part of a scan.

    Attributes:
        left: column of the scan at which it begins.
        top: row of the scan at which it begins.
        scan_hw: height and width of the scan in pixels.
    """

    left: int
    top: int
    scan_hw: tuple[int, int]

    def on_scan(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (N, 2), x and y, or boxes (N, 4), xyxy, of the page in the scan's pixels."""
        corner = np.array([self.left, self.top], np.float32)
        return places + np.tile(corner, places.shape[1] // 2)
