"""A page image in, its reading out: ink, detector, crops, recognizer, steps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections, Detector
from kuzushiji_submit.core.page.prepared import PreparedPage, prepare_page
from kuzushiji_submit.core.page.read import PageImage
from kuzushiji_submit.core.page.scan_placement import ScanPlacement
from kuzushiji_submit.reading.book_hand import HandConfig, packed, read_books_in_hand, windows
from kuzushiji_submit.reading.page_reading import PageReading, PageStep, take_steps
from kuzushiji_submit.reading.second_level.ink_shares import ink_shares
from kuzushiji_submit.reading.second_opinion import SecondOpinion
from kuzushiji_submit.reading.view import PLAIN, View
from kuzushiji_submit.reading.view_config import ViewConfig
from recognition.crops import Crops, crop_page
from recognition.opinions import Opinions, TakesOpinions
from recognition.recognitions import Recognitions, Recognizer


@dataclass(frozen=True, eq=False)
class DetectedPage:
    """A page after detection: all that recognition needs of it.

    Attributes:
        image_id: the page's id.
        size_hw: height and width of the page in pixels.
        detections: its N boxes.
        crops: the ink in and around each box.
        ink_shares: float32 (N,), how dark each box is, 0 paper to 1 all ink.
        view: how the page lies in its file; detections are in the pixels of the page as it is read.
        notes: what a user should know of how the file was read, a line each.
        placement: where the file's page lies on its scan, if it is a part of one.
        opinions: float16 (N, C), what dense readers say of each box; None where there are none.
    """

    image_id: str
    size_hw: tuple[int, int]
    detections: Detections
    crops: Crops
    ink_shares: NDArray[np.float32]
    view: View = PLAIN
    notes: tuple[str, ...] = ()
    placement: ScanPlacement | None = None
    opinions: NDArray[np.float16] | None = None

    def of_file(self, image: PageImage, view: View) -> Self:
        """The same page with what its file says of it.

        Args:
            image: what was read of the file.
            view: how the page lies in it.
        """
        return replace(self, view=view, notes=image.notes, placement=image.placement)


class Pipeline:
    """Reads pages with a detector and a recognizer, whatever these are.

    ```
    pixels ─ prepare ─▶ PreparedPage ─ detect ─▶ DetectedPage ─ recognize ─▶ PageReading
                                         │                        └ recognizer, then each of `steps`, then what is sure
                                         └ boxes, crops, and what dense readers say of the boxes
    ```
    """

    def __init__(
        self,
        detector: Detector,
        recognizer: Recognizer,
        *,
        min_score: float | None = None,
        alternatives: int | None = None,
        steps: Sequence[PageStep] = (),
        page_views: ViewConfig | None = None,
        hand: HandConfig | None = None,
        second_opinion: SecondOpinion | None = None,
    ) -> None:
        """Puts the stages together.

        Args:
            detector: finds the characters.
            recognizer: reads the crops.
            min_score: characters are kept from this score on; None for what the recognizer was calibrated to.
            alternatives: readings kept of each character, the best included; None for all that the recognizer gives.
            steps: what reads a page again, in this order, after the recognizer and before unsure characters are
                dropped; each gets all of the page's detections and readings.
            page_views: how pages lie in their files; None for finding out, page by page.
            hand: how the pages of a book that are read together help each other; None for not at all.
            second_opinion: what looks at the whole page and joins the recognizer, which must be able to take it in (see
                `ScoringRecognizer`); None for nothing.
        """
        self.detector = detector
        self.recognizer = recognizer
        self.min_score = recognizer.min_score if min_score is None else min_score
        self.alternatives = alternatives
        self.steps = tuple(steps)
        self.page_views = page_views or ViewConfig()
        self.hand = hand if hand is not None and hand.changes_something else None
        self.second_opinion = second_opinion

    def prepare(self, pixels: NDArray[np.uint8]) -> PreparedPage:
        """The page as both stages take it, from uint8 (H, W, 3) RGB; safe to call from several threads.

        Its ink is that of the recognizer's training.

        Raises:
            PageReadError: if the pixels are no page.
        """
        return prepare_page(pixels, self.recognizer.ink)

    def detect(self, image_id: str, page: PreparedPage) -> DetectedPage:
        """Finds the characters of one page and cuts them out; safe to call from several threads."""
        return self.cut(image_id, page, self.detector.detect(page))

    def cut(self, image_id: str, page: PreparedPage, detections: Detections) -> DetectedPage:
        """Cuts what was detected out of the ink it was found in.

        Raises:
            WeightsError: if the page has another ink than the recognizer was trained on.
        """
        crops = crop_page(page, detections.boxes, self.recognizer.crop_config, self.recognizer.ink)
        shares = ink_shares(page.ink, detections.boxes)
        opinions = None if self.second_opinion is None else self.second_opinion.of_page(page, detections.boxes)
        return DetectedPage(image_id, page.size_hw, detections, crops, shares, opinions=opinions)

    def recognize(self, pages: Sequence[DetectedPage]) -> list[PageReading]:
        """Reads the crops of several pages in common batches, and then each book's among them in its hand."""
        if not pages:
            return []
        together = self._recognize(pages)
        ends = np.cumsum([len(page.detections) for page in pages])
        places = np.split(np.arange(len(together)), ends[:-1])
        read = self._in_hands([page.image_id for page in pages], [together.select(rows) for rows in places])
        return [self.settle(page, of_page) for page, of_page in zip(pages, read, strict=True)]

    def look(self, image_id: str, image: PageImage, view: View) -> tuple[DetectedPage, Recognitions]:
        """One page in a view, through both stages and no further; `settle` makes a reading of them.

        Raises:
            PageReadError: if the pixels are no page.
        """
        page = self.detect(image_id, self.prepare(view.upright(image.pixels))).of_file(image, view)
        return page, self._in_hands([image_id], [self._recognize([page])])[0]

    def read(self, pages: Iterable[tuple[str, NDArray[np.uint8]]]) -> Iterator[PageReading]:
        """Reads pages of (image_id, uint8 (H, W, 3) RGB) one by one."""
        for image_id, pixels in pages:
            yield from self.recognize([self.detect(image_id, self.prepare(pixels))])

    def with_min_score(self, min_score: float) -> "Pipeline":
        """The same stages with another score from which on characters are kept."""
        return Pipeline(
            self.detector,
            self.recognizer,
            min_score=min_score,
            alternatives=self.alternatives,
            steps=self.steps,
            page_views=self.page_views,
            hand=self.hand,
            second_opinion=self.second_opinion,
        )

    def windows(self, image_ids: Sequence[str], pages: int = 1) -> list[list[str]]:
        """Which pages are read together: those of a book that must be for the same result, and `pages` that may be."""
        if self.hand is not None:
            return packed(windows(image_ids, self.hand.pages), pages)
        return [list(image_ids[start : start + pages]) for start in range(0, len(image_ids), pages)]

    def settle(self, page: DetectedPage, read: Recognitions) -> PageReading:
        """What was read on a page after all steps, without what is not sure, in the pixels of its file."""
        charset = self.recognizer.charset
        reading = PageReading.of(page.image_id, page.size_hw, charset, page.detections, read, page.ink_shares)
        reading = take_steps(reading, self.steps)
        sure = reading.select(reading.scores >= self.min_score)
        kept = sure if self.alternatives is None else sure.with_alternatives(self.alternatives)
        if not page.view.is_plain or page.notes:
            kept = kept.in_file(page.view, page.notes)
        return kept if page.placement is None else kept.on_scan(page.placement)

    def _recognize(self, pages: Sequence[DetectedPage]) -> Recognitions:
        """What all crops of some pages hold, in order."""
        crops = Crops.concatenate([page.crops for page in pages])
        if self.second_opinion is None:
            return self.recognizer.recognize(crops)
        said = Opinions(np.concatenate([_opinions_of(page) for page in pages]), self.second_opinion.share)
        return cast("TakesOpinions", self.recognizer).recognize_with(crops, said)

    def _in_hands(self, image_ids: Sequence[str], read: Sequence[Recognitions]) -> Sequence[Recognitions]:
        return read if self.hand is None else read_books_in_hand(image_ids, read, self.hand)


def _opinions_of(page: DetectedPage) -> NDArray[np.float16]:
    """What dense readers say of a page's boxes, float16 (N, C).

    Raises:
        ValueError: if nobody asked them.
    """
    if page.opinions is None:
        raise ValueError(f"{page.image_id}: detected by a pipeline without a second opinion: detect it with this one")
    return page.opinions
