"""Levelled training pages on disk: one memory-mapped picture and one truth file a page, written one by one.

store/
manifest.json      the format, and the ink of the pages
pages/ID.npy       the levelled page
pages/ID.json      its id, book, boxes, characters and fingerprint; written last

An id that no file can be called, as one of 255 bytes or with folders before it, is cut in the names of its files.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detection.heatmap.page_input import levelled_page, scaled_hw
from kuzushiji_submit.core.boxes import median_size
from kuzushiji_submit.core.errors import ConfigError, DetectionError
from kuzushiji_submit.core.files import atomic_binary, atomic_text, fit_name
from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.core.settings import describe_difference, from_plain, to_plain

FORMAT_NAME = "kuzushiji-pages"
FORMAT_VERSION = 3
MANIFEST = "manifest.json"
AGAIN = "remove the folder and prepare the pages again"

CHARACTER_PX = 40.0
"""The median character of a stored page has about this size, so that tiles can be drawn smaller and a little larger."""
LARGEST_ZOOM = 1.25
EMPTY_LONG_SIDE = 1280
"""The longer side in pixels of stored pages that have no characters to go by."""
_CUT = re.compile(r"-[0-9a-f]{10}$")
EXACT, ROUGH = 0, 1
"""Kinds of boxes: as annotated, and roughly placed ones whose sides mean little."""


@dataclass(frozen=True)
class ImageFile:
    """A levelled page on disk, mapped whenever it is looked at.

    Every map that stays holds a file open, and thousands of pages are more files than many systems let a process have.

    Attributes:
        path: an .npy file.
    """

    path: Path

    def map(self) -> NDArray[np.uint8]:
        """uint8 (h, w, 3) RGB, read where it is needed.

        Raises:
            DetectionError: if the file is missing or damaged.
        """
        try:
            return np.lib.format.open_memmap(self.path, mode="r")
        except (OSError, ValueError) as error:
            raise DetectionError(f"{self.path}: cannot be read ({error}): if it is damaged, {AGAIN}") from error


@dataclass(frozen=True, eq=False)
class StoredPage:
    """A page of a store.

    Attributes:
        page_id: its id.
        book_id: its book.
        pixels: uint8 (h, w, 3) RGB, levelled, or the file that holds them.
        boxes: float32 (N, 4), xyxy in pixels of the image.
        kinds: uint8 (N,), EXACT or ROUGH.
        fingerprint: of its image and truth when it was prepared; None where it comes from no file.
        codepoints: N codepoints such as "U+306F", what each box holds; none where nobody said.
    """

    page_id: str
    book_id: str
    pixels: NDArray[np.uint8] | ImageFile
    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    fingerprint: PageFingerprint | None = None
    codepoints: tuple[str, ...] = ()

    @property
    def image(self) -> NDArray[np.uint8]:
        """Its pixels uint8 (h, w, 3) RGB, mapped anew each time where they lie in a file.

        Raises:
            DetectionError: if that file is missing or damaged.
        """
        return self.pixels.map() if isinstance(self.pixels, ImageFile) else self.pixels

    @property
    def character_size(self) -> float:
        """Median geometric mean of the boxes' sides in pixels of the image; `CHARACTER_PX` where there are none."""
        return median_size(self.boxes) or CHARACTER_PX


class PageStore:
    """A folder of stored pages."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; it may be missing before the first `add`."""
        self.folder = folder
        self._pages = folder / "pages"

    def __contains__(self, page_id: str) -> bool:
        return self._truth_path(page_id).is_file()

    @property
    def ink(self) -> InkConfig | None:
        """The ink of its pages; None where the store has not begun.

        Raises:
            DetectionError: if its manifest is missing or damaged, or the store is of an earlier version.
        """
        path = self.folder / MANIFEST
        if not path.is_file():
            if next(self.folder.glob("*.json"), None) or next(self._pages.glob("*.json"), None):
                raise DetectionError(f"{self.folder}: pages of an earlier version, without {MANIFEST}: {AGAIN}")
            return None
        try:
            plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if (plain["format"], plain["format_version"]) != (FORMAT_NAME, FORMAT_VERSION):
                raise DetectionError(f"{path}: no prepared pages that this version reads: {AGAIN}")
            return from_plain(InkConfig, plain["ink"], "ink")
        except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
            raise DetectionError(f"{path}: damaged ({error}): {AGAIN}") from error

    def begin(self, ink: InkConfig) -> None:
        """Begins the store, or sees whether it can be gone on with.

        Raises:
            DetectionError: if it holds pages of another ink or of an earlier version, or is damaged.
            OutputError: if the folder cannot be written.
        """
        found = self.ink
        if found is None:
            with atomic_text(self.folder / MANIFEST) as stream:
                plain = {"format": FORMAT_NAME, "format_version": FORMAT_VERSION, "ink": to_plain(ink)}
                stream.write(json.dumps(plain, indent=1) + "\n")
        elif found != ink:
            raise DetectionError(
                f"{self.folder}: holds pages of another ink ({describe_difference(found, ink)} as this run needs): "
                "choose another folder"
            )

    def page_ids(self) -> list[str]:
        """The ids of the finished pages, sorted.

        Raises:
            DetectionError: if the store is of an earlier version or damaged.
        """
        return sorted(map(_page_id, self._pages.glob("*.json"))) if self.ink else []

    def add(
        self,
        page_id: str,
        book_id: str,
        page: PreparedPage,
        boxes: NDArray[np.float32],
        kinds: NDArray[np.uint8],
        fingerprint: PageFingerprint | None = None,
        codepoints: Sequence[str] = (),
    ) -> None:
        """Levels a page, scales it and writes it; the truth file comes last and marks the page as finished.

        Args:
            page_id: its id.
            book_id: its book.
            page: the page.
            boxes: float32 (N, 4), xyxy in page pixels; boxes without area are left out.
            kinds: uint8 (N,), EXACT or ROUGH.
            fingerprint: of its image and truth; None where there are no such files.
            codepoints: what each box holds, such as "U+306F"; none where that is not known.

        Raises:
            DetectionError: if the id is empty, the page is empty, its ink is another than the store's, or only some of
                its boxes have a codepoint.
            OutputError: if the folder cannot be written.
        """
        if not page_id:
            raise DetectionError(f"{page_id!r} cannot be the id of a page: name it")
        if not page.pixels.size:
            raise DetectionError(f"{page_id}: the page has no pixels: leave it out")
        if codepoints and len(codepoints) != len(boxes):
            raise DetectionError(f"{page_id}: {len(codepoints)} codepoints for {len(boxes)} boxes: give one a box")
        self.begin(page.config)
        size = median_size(boxes)
        zoom = min(CHARACTER_PX / size, LARGEST_ZOOM) if size else EMPTY_LONG_SIDE / max(page.size_hw)
        image = levelled_page(page, scaled_hw(page.size_hw, zoom))
        ratio_xy = np.array([image.shape[1] / page.size_hw[1], image.shape[0] / page.size_hw[0]], np.float32)
        kept = np.asarray((boxes[:, 2:] > boxes[:, :2]).all(axis=1), np.bool_)
        scaled = boxes[kept] * np.tile(ratio_xy, 2)
        with atomic_binary(self._image_path(page_id)) as stream:
            np.save(stream, image)
        truth = {
            "page_id": page_id,
            "book_id": book_id,
            "boxes": [[round(float(side), 2) for side in box] for box in scaled],
            "kinds": kinds[kept].tolist(),
            "codepoints": [codepoint for codepoint, stays in zip(codepoints, kept.tolist(), strict=False) if stays],
            "fingerprint": to_plain(fingerprint),
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
            fingerprint = _read_fingerprint(truth["fingerprint"])
            codepoints = tuple(map(str, truth["codepoints"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, ConfigError) as error:
            raise DetectionError(
                f"{self.folder}: page {page_id} cannot be read ({error}): remove the folder and prepare it again"
            ) from error
        is_image = image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8
        whole = len(boxes) == len(kinds) and len(codepoints) in (0, len(boxes))
        if not (is_image and whole and np.isfinite(boxes).all()):
            raise DetectionError(f"{self.folder}: page {page_id} is damaged: remove the folder and prepare it again")
        return StoredPage(page_id, book_id, ImageFile(self._image_path(page_id)), boxes, kinds, fingerprint, codepoints)

    def _image_path(self, page_id: str) -> Path:
        return self._pages / fit_name(page_id, ".npy")

    def _truth_path(self, page_id: str) -> Path:
        return self._pages / fit_name(page_id, ".json")


def _page_id(truth: Path) -> str:
    """The id of a finished page: the name of its file, unless it had to be cut (see `fit_name`)."""
    if not _CUT.search(truth.stem):
        return truth.stem
    try:
        return str(json.loads(truth.read_text(encoding="utf-8"))["page_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return truth.stem  # written by hand or damaged, which opening it says


def _read_fingerprint(plain: object) -> PageFingerprint | None:
    return None if plain is None else from_plain(PageFingerprint, plain, "fingerprint")
