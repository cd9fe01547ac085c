"""A doubtful page in other views: turned, and as a negative."""

import logging

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.read import PageImage
from kuzushiji_submit.reading.evidence import Evidence
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import Pipeline

logger = logging.getLogger(__name__)

# A picture whose middle is darker than this in its median is mostly dark: paper is about 200, a negative's about 60.
DARK = 128
# A view that is read this well ends the search: no other of the same page comes near.
SURE, SURE_CHARACTERS = 0.7, 10


def read_best(pipeline: Pipeline, image_id: str, image: PageImage) -> PageReading:
    """Reads one page in the view that it is read best in, in the file's pixels.

    Raises:
        PageReadError: if the pixels are no page.
    """
    reading = pipeline.settle(*pipeline.look(image_id, image, pipeline.page_views.first))
    return look_again(pipeline, reading, image) if is_doubtful(pipeline, reading) else reading


def is_doubtful(pipeline: Pipeline, reading: PageReading) -> bool:
    """Whether a page may lie in its file otherwise than it was read: ask before its file is read once more."""
    views = pipeline.page_views
    return views.looks and reading.evidence is not None and views.doubts(reading.evidence)


def look_again(pipeline: Pipeline, reading: PageReading, image: PageImage) -> PageReading:
    """Reads a doubtful page in the other views it may have, until one is sure.

    ```
    upright, well read ─────────────────────────────────────────────▶ as it is: nearly every page, and no work
    upright, badly read ─ bright ─ 180, 90, 270 ───────────────────┐
                        └ dark ─── each turn as a negative, then ──┴▶ the best view, if it is clearly better
    ```

    Args:
        pipeline: reads the views; its `page_views` say which there may be.
        reading: of the first view.
        image: the page's file.

    Returns:
        the reading of the best view, in the file's pixels; the first one where no other is clearly better, as on a page
        without characters.
    """
    first = reading.evidence or Evidence(0, 0.0)
    best, best_evidence = None, first
    for view in pipeline.page_views.others(dark=is_dark(image.pixels)):
        page, read = pipeline.look(reading.image_id, image, view)
        evidence = Evidence.of(page.detections, read)
        logger.debug("%s as %s: %s", reading.image_id, view, evidence)
        if pipeline.page_views.prefers(evidence, first) and evidence.weight > best_evidence.weight:
            best, best_evidence = (page, read), evidence
            if evidence.confidence >= SURE and evidence.characters >= SURE_CHARACTERS:
                break
    return reading if best is None else pipeline.settle(*best)


def is_dark(pixels: NDArray[np.uint8]) -> bool:
    """Whether the middle of a picture, uint8 (H, W, 3), is mostly dark."""
    height, width = pixels.shape[:2]
    middle = pixels[height // 4 : height - height // 4 : 4, width // 4 : width - width // 4 : 4]
    return bool(middle.size) and float(np.median(middle)) < DARK
