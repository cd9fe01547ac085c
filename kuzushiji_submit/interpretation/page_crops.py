"""The annotated characters of many pages, cut as a recognizer wants them, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from recognition.crops import CropConfig, Crops, crop_boxes


@dataclass(frozen=True)
class CutSettings:
    """What cutting needs beside a page.

    Attributes:
        charset: gives the class ids.
        crop: how crops are cut.
        ink: the ink they are cut from: that of the recognizer's training.
    """

    charset: Charset
    crop: CropConfig
    ink: InkConfig


@dataclass(frozen=True, eq=False)
class PageCrops:
    """What a page gave.

    Attributes:
        truth: the page.
        pixels: uint8 (H, W, 3) RGB; without pixels where the page cannot be read.
        indices: int64 (N,), places in the truth of the boxes that were cut.
        class_ids: int64 (N,).
        crops: N crops.
        unknown: boxes left out because the charset lacks their character.
        error: why the page could not be read, or None.
    """

    truth: PageTruth
    pixels: NDArray[np.uint8]
    indices: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    crops: Crops
    unknown: int = 0
    error: str | None = None

    def __len__(self) -> int:
        return len(self.indices)


def cut_pages(
    pages: Sequence[tuple[PageTruth, PageFile]], settings: CutSettings, *, workers: int = 1
) -> Iterator[PageCrops]:
    """Cuts the pages in their order, some of them ahead in threads; few pages are in memory at once."""
    for made in map_pages(partial(_cut, settings), pages, workers, "threads"):
        if isinstance(made, Failure):
            pixels, nothing = np.zeros((0, 0, 3), np.uint8), np.zeros(0, np.int64)
            none = Crops.empty(settings.crop.size)
            yield PageCrops(made.item[0], pixels, nothing, nothing, none, error=str(made.error))
        else:
            yield made


def _cut(settings: CutSettings, page: tuple[PageTruth, PageFile]) -> PageCrops:
    return cut_page_truth(*page, settings)


def cut_page_truth(truth: PageTruth, file: PageFile, settings: CutSettings) -> PageCrops:
    """Cuts every box of a page that has area, lies on the page, and holds a character of the charset.

    Raises:
        PageReadError: if the page cannot be read.
    """
    pixels = read_page(file)
    visible = ~(truth.without_area | truth.outside((pixels.shape[0], pixels.shape[1])))
    class_ids = np.array(settings.charset.class_ids(truth.codepoints), np.int64)
    known = np.flatnonzero(visible & (class_ids >= 0))
    unknown = int((visible & (class_ids < 0)).sum())
    if not len(known):
        nothing = np.zeros(0, np.int64)
        return PageCrops(truth, pixels, nothing, nothing, Crops.empty(settings.crop.size), unknown)
    crops = crop_boxes(prepare_page(pixels, settings.ink).ink, truth.boxes[known], settings.crop)
    return PageCrops(truth, pixels, known, class_ids[known], crops, unknown)
