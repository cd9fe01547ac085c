"""Pages from disk through a pipeline, in order: detection ahead in threads, recognition in common batches."""

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from kuzushiji_submit.core.engine import Failure, describe_unforeseen, map_pages
from kuzushiji_submit.core.errors import KuzushijiError, PageReadError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.spreads import read_leaf
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.debug_sheets import DebugSheets
from kuzushiji_submit.reading.look_again import is_doubtful, look_again
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import DetectedPage, Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PageFailure:
    """A page that could not be read, and why."""

    image_id: str
    message: str


class ImageFiles(Protocol):
    """Where the image of each page is: `PageImages`, or those of a shard."""

    def get(self, image_id: str, /) -> PageFile | None:
        """The file of a page, None where it has none."""
        ...

    def why_missing(self, image_id: str) -> str:
        """Why a page that was asked for has none, and what to do."""
        ...


@dataclass(frozen=True)
class PageReader:
    """Reads pages by their ids; a page that cannot be read costs nothing but itself.

    Attributes:
        pipeline: reads the pages.
        images: the image files by image_id.
        sheets: draws the detector's stages on every page, or None.
        batch_pages: pages recognized together where the pages of a book do not help each other.
        workers: threads that read pages and find characters ahead of the recognizer.
        time_budget: no further page is read after the batch in which it is used up; None for no limit.
    """

    pipeline: Pipeline
    images: ImageFiles
    sheets: DebugSheets | None = None
    batch_pages: int = 1
    workers: int = 1
    time_budget: TimeBudget | None = None

    def read(self, image_ids: Sequence[str]) -> Iterator[PageReading | PageFailure]:
        """Readings and failures as they come, window by window; all pages, or those that the time suffices for."""
        together = self.pipeline.windows(image_ids, self.batch_pages)
        ordered = [image_id for window in together for image_id in window]
        results = map_pages(self._detect, ordered, self.workers, "threads", catch=(Exception,))
        for window in together:
            waiting: list[DetectedPage] = []
            for found in itertools.islice(results, len(window)):
                if isinstance(found, Failure):
                    yield self._failure(found.item, found.error)
                else:
                    waiting.append(found)
            yield from self._recognize(waiting)
            if self.time_budget is not None and self.time_budget.used_up:
                return

    def _detect(self, image_id: str) -> DetectedPage:
        image, view = read_leaf(self._file(image_id)), self.pipeline.page_views.first
        page = self.pipeline.prepare(view.upright(image.pixels))
        if self.sheets is None:
            found = self.pipeline.detect(image_id, page)
        else:
            found = self.pipeline.cut(image_id, page, self.sheets.detect(image_id, page))
        return found.of_file(image, view)

    def _file(self, image_id: str) -> PageFile:
        file = self.images.get(image_id)
        if file is None:
            raise PageReadError(self.images.why_missing(image_id))
        return file

    def _failure(self, image_id: str, error: Exception) -> PageFailure:
        if isinstance(error, KuzushijiError):
            return PageFailure(image_id, str(error))
        # One page that nobody foresaw must not cost the thousands after it.
        return self._unforeseen(image_id, error)

    def _recognize(self, pages: Sequence[DetectedPage]) -> Iterator[PageReading | PageFailure]:
        try:
            read = self.pipeline.recognize(pages)
        except Exception as error:
            logger.debug("%s", ", ".join(page.image_id for page in pages), exc_info=True)
            if len(pages) == 1:
                yield self._unforeseen(pages[0].image_id, error)
            else:
                # Which of them it was shows when each is read alone.
                for page in pages:
                    yield from self._recognize([page])
        else:
            yield from map(self._settle, read)

    def _settle(self, reading: PageReading) -> PageReading:
        """The page in the view that it is read best in, with a word where that is not the first one."""
        if is_doubtful(self.pipeline, reading):
            try:
                best = look_again(self.pipeline, reading, read_leaf(self._file(reading.image_id)))
                if best is not reading:
                    self._draw(best)
                reading = best
            except Exception as error:
                logger.debug("%s", reading.image_id, exc_info=True)
                logger.warning("%s: only read as it lies in its file (%s)", reading.image_id, error)
        return reading

    def _draw(self, reading: PageReading) -> None:
        """Draws the sheet of a page anew, in the view that it was read in."""
        if self.sheets is not None:
            pixels = read_leaf(self._file(reading.image_id)).pixels
            self.sheets.detect(reading.image_id, self.pipeline.prepare(reading.view.upright(pixels)))

    def _unforeseen(self, image_id: str, error: Exception) -> PageFailure:
        return PageFailure(image_id, str(describe_unforeseen(str(self.images.get(image_id) or image_id), error)))
