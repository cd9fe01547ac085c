"""How a page lies in its file, and the way back from the page as it is read to the file's pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TURNS = (0, 90, 180, 270)
WHITE = 255


@dataclass(frozen=True)
class View:
    """How a page lies in its file.

    ```
    turned 0    90      180     270            upright page, w x h      file, turned by 90
    ┌──┐     ┌─────┐   ┌──┐   ┌─────┐          ┌──────┐                 ┌──────────┐
    │の│     │ Z   │   │ᴎ │   │   Z │          │   x  │ y               │  h-y     │
    └──┘     └─────┘   └──┘   └─────┘          │   ·  │       ──▶       │    ·     │ x
                                               └──────┘                 └──────────┘
    ```

    Attributes:
        turned: degrees by which the page is turned clockwise in its file: 0, 90, 180 or 270.
        negative: whether ink is light and paper dark, as on microfilm.

    Raises:
        ValueError: if the page is turned by anything else.
    """

    turned: int = 0
    negative: bool = False

    def __post_init__(self) -> None:
        if self.turned not in TURNS:
            raise ValueError(f"turned must be one of {TURNS}, got {self.turned}")

    @property
    def is_plain(self) -> bool:
        """Whether the page lies in its file as it is read."""
        return self == PLAIN

    def upright(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A file's pixels (H, W, 3) as the page is read: upright, dark on light; the same array if that is plain."""
        if self.turned:
            pixels = np.ascontiguousarray(np.rot90(pixels, self.turned // 90))
        return WHITE - pixels if self.negative else pixels

    def size_in_file(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        """Height and width in the file of an upright page's."""
        return size_hw if self.turned in (0, 180) else (size_hw[1], size_hw[0])

    def points_in_file(self, points: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.float32]:
        """Points of the upright page in the file's pixels.

        Args:
            points: float32 (N, 2), x and y.
            size_hw: height and width of the upright page.
        """
        height, width = size_hw
        x, y = points[:, 0], points[:, 1]
        turned = {0: (x, y), 90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[self.turned]
        return np.stack(turned, axis=1)

    def boxes_in_file(self, boxes: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.float32]:
        """Boxes of the upright page, float32 (N, 4) xyxy, in the file's pixels."""
        one, other = (self.points_in_file(corner, size_hw) for corner in (boxes[:, :2], boxes[:, 2:]))
        return np.concatenate([np.minimum(one, other), np.maximum(one, other)], axis=1)

    @property
    def back(self) -> "View":
        """How the file would lie in the upright page."""
        return View(-self.turned % 360, self.negative)

    def boxes_upright(self, boxes: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.float32]:
        """Boxes in the file's pixels, float32 (N, 4) xyxy, on the upright page.

        Args:
            boxes: what is to be turned.
            size_hw: height and width in the file.
        """
        return self.back.boxes_in_file(boxes, size_hw)

    def notes(self) -> tuple[str, ...]:
        """What is said of the page, a line each."""
        turned = (f"lies turned by {self.turned} degrees clockwise: read upright",) if self.turned else ()
        return turned + (("is a negative: read as a positive",) if self.negative else ())


PLAIN = View()
"""Upright, dark on light: nearly every page."""
