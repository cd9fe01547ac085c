"""Pages from disk through a pipeline, in order: detection ahead in threads, recognition in common batches."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from kuzushiji_submit.core.errors import KuzushijiError, OutputError
from kuzushiji_submit.core.memory import AGAINST_LACK, lacks_memory
from kuzushiji_submit.core.page.files import PageFile
from kuzushiji_submit.core.page.read import read_image
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.debug_sheets import DebugSheets
from kuzushiji_submit.reading.look_again import look_again
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import DetectedPage, Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PageFailure:
    """A page that could not be read, and why."""

    image_id: str
    message: str


@dataclass(frozen=True)
class PageReader:
    """Reads pages by their ids; a page that cannot be read costs nothing but itself.

    Attributes:
        pipeline: reads the pages.
        images: the image files by image_id.
        folder: where they are sought, for the message about one that is missing.
        sheets: draws the detector's stages on every page, or None.
        batch_pages: pages recognized together.
        workers: threads that read pages and find characters ahead of the recognizer.
        time_budget: no further page is read after the batch in which it is used up; None for no limit.
    """

    pipeline: Pipeline
    images: Mapping[str, PageFile]
    folder: Path
    sheets: DebugSheets | None = None
    batch_pages: int = 1
    workers: int = 1
    time_budget: TimeBudget | None = None

    def read(self, image_ids: Sequence[str]) -> Iterator[PageReading | PageFailure]:
        """Readings and failures as they come; all pages, or those that the time suffices for.

        Raises:
            OutputError: if a sheet cannot be written.
        """
        waiting: list[DetectedPage] = []
        for found in self._detect_ahead(image_ids):
            if isinstance(found, PageFailure):
                yield found
                continue
            waiting.append(found)
            if len(waiting) >= self.batch_pages:
                yield from self._recognize(waiting)
                waiting = []
                if self.time_budget is not None and self.time_budget.used_up:
                    return
        yield from self._recognize(waiting)

    def _detect_ahead(self, image_ids: Sequence[str]) -> Iterator[DetectedPage | PageFailure]:
        queue: deque[Future[DetectedPage | PageFailure]] = deque()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for image_id in image_ids:
                    queue.append(pool.submit(self._detect, image_id))
                    # One page more than there are threads keeps them busy and bounds the memory.
                    if len(queue) > self.workers:
                        yield queue.popleft().result()
                while queue:
                    yield queue.popleft().result()
            finally:
                for future in queue:
                    future.cancel()

    def _detect(self, image_id: str) -> DetectedPage | PageFailure:
        path = self.images.get(image_id)
        if path is None:
            return PageFailure(image_id, f"no image in {self.folder}: fetch it")
        try:
            image, view = read_image(path), self.pipeline.views.first
            page = self.pipeline.prepare(view.upright(image.pixels))
            if self.sheets is None:
                found = self.pipeline.detect(image_id, page)
            else:
                found = self.pipeline.cut(image_id, page, self.sheets.detect(image_id, page))
            return found if view.is_plain and not image.notes else replace(found, view=view, notes=image.notes)
        except OutputError:
            raise
        except KuzushijiError as error:
            return PageFailure(image_id, str(error))
        except Exception as error:
            # One page that nobody foresaw must not cost the thousands after it; the traceback is in the debug log.
            logger.debug("%s", image_id, exc_info=True)
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
        views = self.pipeline.views
        if views.looks and reading.evidence is not None and views.doubts(reading.evidence):
            try:
                best = look_again(self.pipeline, reading, read_image(self.images[reading.image_id]))
                if best is not reading and self.sheets is not None:
                    self._draw(best)
                reading = best
            except OutputError:
                raise
            except Exception as error:
                logger.debug("%s", reading.image_id, exc_info=True)
                logger.warning("%s: only read as it lies in its file (%s)", reading.image_id, error)
        for note in reading.notes:
            logger.warning("%s: %s", reading.image_id, note)
        return reading

    def _draw(self, reading: PageReading) -> None:
        """Draws the sheet of a page anew, in the view that it was read in."""
        if self.sheets is not None:
            pixels = read_image(self.images[reading.image_id]).pixels
            self.sheets.detect(reading.image_id, self.pipeline.prepare(reading.view.upright(pixels)))

    def _unforeseen(self, image_id: str, error: Exception) -> PageFailure:
        if lacks_memory(error):
            return PageFailure(image_id, f"{self.images[image_id]}: does not fit the memory: {AGAINST_LACK}")
        what = f"{self.images[image_id]}: cannot be read ({type(error).__name__}: {error})"
        return PageFailure(image_id, f"{what}: report this page")
