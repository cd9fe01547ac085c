"""The scan of an open book as two pages, the right one first.

```
        gutter
┌─────────┬─────────┐      wider than high, and no wider than two leaves: told by the file's header
│ left    │   right │      cut where least is written near the middle
│ _2l     │     _1r │      characters stay in the pixels of the whole scan
└─────────┴─────────┘
```
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.header import header_size_hw
from kuzushiji_submit.core.page.leaves import is_long
from kuzushiji_submit.core.page.page_files import Half, PageFile
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import PageImage, read_image
from kuzushiji_submit.core.page.scan_placement import ScanPlacement

RIGHT: Half = "1r"
LEFT: Half = "2l"
_HALVES: dict[str, Half] = {"1r": RIGHT, "2l": LEFT}

NARROWEST = 1.15
"""A spread is at least this many times wider than high; two upright leaves are 1.2 to 1.5 times."""
SEARCHED_WIDTH = 1_000
"""The gutter is sought at this width in pixels: it is many times wider than a character's stroke."""
MIDDLE = (0.40, 0.60)
"""Where it is sought, as parts of the width: a book rarely lies further off the middle of its scan."""
_SMOOTHED = 0.005  # of the width, to both sides: what is narrower, as the fold's own line, parts no margin
_EMPTY = 0.05  # of the mean ink of a column of pixels: where there is as little as this nothing is written


def is_spread(size_hw: tuple[int, int]) -> bool:
    """Whether an image of this height and width shows an open book, as far as its shape tells."""
    return size_hw[1] >= NARROWEST * size_hw[0] > 0 and not is_long(size_hw)


def split_spread(file: PageFile) -> tuple[PageFile, ...]:
    """The two pages of a scan of an open book, right one first; any other file as it is."""
    size_hw = header_size_hw(file)
    return tuple(replace(file, half=half) for half in (RIGHT, LEFT)) if size_hw and is_spread(size_hw) else (file,)


def with_halves(files: Mapping[str, PageFile], image_ids: Iterable[str]) -> Mapping[str, PageFile]:
    """The files, and the halves of them that ids name, so that what was read of spreads finds its scans.

    Args:
        files: page images by image_id.
        image_ids: ids that are asked for.
    """
    halves = {}
    for image_id in image_ids:
        whole, _, half = image_id.rpartition("_")
        if half in _HALVES and image_id not in files and whole in files:
            halves[image_id] = replace(files[whole], half=_HALVES[half])
    return {**files, **halves} if halves else files


def read_leaf(file: PageFile) -> PageImage:
    """Reads a page; of a spread that is two pages only the half that is meant, with its place on the scan.

    Raises:
        PageReadError: as `read_image`.
    """
    image = read_image(file)
    return cut_half(image, file.half) if file.half else image


def cut_half(image: PageImage, half: Half) -> PageImage:
    """One half of a scan, with its place on it."""
    height, width = image.pixels.shape[:2]
    gutter = find_gutter(image.pixels)
    columns = slice(gutter, width) if half == RIGHT else slice(0, gutter)
    pixels = np.ascontiguousarray(image.pixels[:, columns])
    return replace(image, pixels=pixels, placement=ScanPlacement(columns.start, 0, (height, width)))


def find_gutter(pixels: NDArray[np.uint8]) -> int:
    """The column between the two leaves of an open book: the middle of the widest gap near the middle.

    Args:
        pixels: uint8 (H, W, 3) RGB.

    Returns:
        A column in [1, W - 1] of an image at least two pixels wide, else 0.
    """
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    zoom = min(1.0, SEARCHED_WIDTH / max(width, 1))
    small_width = round(width * zoom)
    if small_width < 2 or height < 1:
        return width // 2
    small = cv2.resize(pixels, (small_width, max(1, round(height * zoom))), interpolation=cv2.INTER_AREA)
    ink = prepare_page(np.asarray(small, np.uint8)).ink.sum(axis=0, dtype=np.float64)
    place = _widest_gap(ink)
    return min(max(1, round((place + 0.5) / zoom)), width - 1)


def _widest_gap(ink: NDArray[np.float64]) -> int:
    """The middle of the widest stretch with little ink float64 (n,), of those near the middle."""
    count = len(ink)
    reach = max(1, round(_SMOOTHED * count))
    # What is narrower than a margin's unevenness, as the fold's own shadow, is opened away.
    smooth = cv2.erode(ink.reshape(1, -1), np.ones((1, 2 * reach + 1), np.uint8)).ravel()
    smooth = cv2.dilate(smooth.reshape(1, -1), np.ones((1, 2 * reach + 1), np.uint8)).ravel()
    first, last = int(MIDDLE[0] * count), max(int(MIDDLE[0] * count) + 1, int(MIDDLE[1] * count))
    band = smooth[first:last]
    low = np.flatnonzero(band <= max(float(band.min()), _EMPTY * float(ink.mean())))
    runs = np.split(low, np.flatnonzero(np.diff(low) != 1) + 1)
    widest = max(runs, key=len)
    return first + int(widest[len(widest) // 2])
