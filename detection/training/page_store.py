"""Levelled training pages on disk: one memory-mapped picture and one truth file a page, written one by one."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.heatmap.page_input import levelled_page, scaled_hw
from kuzushiji_submit.core.errors import DetectionError
from kuzushiji_submit.core.files import atomic_binary, atomic_text

CHARACTER_PX = 40.0
"""The median character of a stored page has about this size, so that tiles can be drawn smaller and a little larger."""
LARGEST_ZOOM = 1.25
EMPTY_LONG_SIDE = 1280
"""The longer side in pixels of stored pages that have no characters to go by."""
EXACT, ROUGH = 0, 1
"""Kinds of boxes: as annotated, and roughly placed ones whose sides mean little."""


@dataclass(frozen=True, eq=False)
class StoredPage:
    """A page of a store.

    Attributes:
        page_id: its id.
        book_id: its book.
        image: uint8 (h, w, 3) RGB, levelled; a memory map.
        boxes: float32 (N, 4), xyxy in pixels of the image.
        kinds: uint8 (N,), EXACT or ROUGH.
    """

    page_id: str
    book_id: str
    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]

    @property
    def character_size(self) -> float:
        """Median geometric mean of the boxes' sides in pixels of the image; `CHARACTER_PX` where there are none."""
        return median_size(self.boxes) or CHARACTER_PX


def median_size(boxes: NDArray[np.float32]) -> float:
    """The median geometric mean of width and height of boxes (N, 4) xyxy; 0.0 without boxes that have an area."""
    sides = boxes[:, 2:] - boxes[:, :2]
    areas = sides[:, 0] * sides[:, 1]
    kept = areas[(sides > 0).all(axis=1)]
    return float(np.sqrt(np.median(kept))) if len(kept) else 0.0


class PageStore:
    """A folder of stored pages."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; it may be missing before the first `add`."""
        self.folder = folder

    def __contains__(self, page_id: str) -> bool:
        return self._truth_path(page_id).is_file()

    def page_ids(self) -> list[str]:
        """The ids of the finished pages, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def add(
        self,
        page_id: str,
        book_id: str,
        page: NDArray[np.uint8],
        boxes: NDArray[np.float32],
        kinds: NDArray[np.uint8],
    ) -> None:
        """Levels a page, scales it and writes it; the truth file comes last and marks the page as finished.

        Args:
            page_id: its id.
            book_id: its book.
            page: uint8 (H, W, 3) RGB.
            boxes: float32 (N, 4), xyxy in page pixels; boxes without area are left out.
            kinds: uint8 (N,), EXACT or ROUGH.

        Raises:
            DetectionError: if the id is no file name, or the page is empty.
            OutputError: if the folder cannot be written.
        """
        if not page_id or Path(page_id).name != page_id:
            raise DetectionError(f"{page_id!r} cannot be the id of a page: it must do as a file name")
        if not page.size:
            raise DetectionError(f"{page_id}: the page has no pixels: leave it out")
        size = median_size(boxes)
        zoom = min(CHARACTER_PX / size, LARGEST_ZOOM) if size else EMPTY_LONG_SIDE / max(page.shape[:2])
        image = levelled_page(page, scaled_hw((page.shape[0], page.shape[1]), zoom))
        ratio_xy = np.array([image.shape[1] / page.shape[1], image.shape[0] / page.shape[0]], np.float32)
        kept = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        scaled = boxes[kept] * np.tile(ratio_xy, 2)
        with atomic_binary(self._image_path(page_id)) as stream:
            np.save(stream, image)
        truth = {
            "book_id": book_id,
            "boxes": [[round(float(side), 2) for side in box] for box in scaled],
            "kinds": kinds[kept].tolist(),
        }
        with atomic_text(self._truth_path(page_id)) as text:
            text.write(json.dumps(truth))

    def open(self, page_id: str) -> StoredPage:
        """A finished page.

        Raises:
            DetectionError: if its files are missing or damaged.
        """
        try:
            truth = json.loads(self._truth_path(page_id).read_text(encoding="utf-8"))
            image = np.lib.format.open_memmap(self._image_path(page_id), mode="r")
            boxes = np.array(truth["boxes"], np.float32).reshape(-1, 4)
            kinds = np.array(truth["kinds"], np.uint8)
            book_id = str(truth["book_id"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise DetectionError(
                f"{self.folder}: page {page_id} cannot be read ({error}): remove the folder and prepare it again"
            ) from error
        is_image = image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8
        if not (is_image and len(boxes) == len(kinds) and np.isfinite(boxes).all()):
            raise DetectionError(f"{self.folder}: page {page_id} is damaged: remove the folder and prepare it again")
        return StoredPage(page_id, book_id, image, boxes, kinds)

    def _image_path(self, page_id: str) -> Path:
        return self.folder / f"{page_id}.npy"

    def _truth_path(self, page_id: str) -> Path:
        return self.folder / f"{page_id}.json"
