"""A folder of transcribed pages aligned with what a pipeline detects on them."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from kuzushiji_submit.competition.page_images import match_images
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.training_data.alignment.align import AlignConfig, AlignedPage, align_page
from recognition.scoring_recognizer import ScoringRecognizer

logger = logging.getLogger(__name__)


def read_transcriptions(path: Path) -> dict[str, str]:
    """The text of each page in reading order, from a JSON object of image_id and text.

    Raises:
        CompetitionFileError: if the file is something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CompetitionFileError(f"{path}: cannot be read as JSON ({error}): check the file") from None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise CompetitionFileError(f"{path}: must be one JSON object of image_id and text: correct it")
    return found


def align_folder(
    images: Path,
    transcriptions: Mapping[str, str],
    known: Sequence[PageTruth],
    recognizer: ScoringRecognizer,
    pipeline: Pipeline,
    config: AlignConfig | None = None,
) -> Iterator[AlignedPage]:
    """Aligns every transcribed page of a folder, with a progress bar; unreadable pages are left out with a warning.

    Args:
        images: folder of page images.
        transcriptions: text by image_id.
        known: boxes whose characters are known already, of any of the pages.
        recognizer: says what the boxes might hold.
        pipeline: its detector finds the boxes.
        config: settings.

    Raises:
        CompetitionFileError: if no transcribed page has an image.
        WeightsError: if the pipeline's recognizer was trained on another ink.
    """
    require_trained_ink(pipeline.recognizer.ink, recognizer.ink, "the ink of the pipeline")
    paths = match_images(transcriptions, images)
    truths = {page.image_id: page for page in known}
    pages = [image_id for image_id in transcriptions if image_id in paths]
    if not pages:
        raise CompetitionFileError(
            f"{images}: no image of any of {len(transcriptions)} transcribed pages: check the folder"
        )

    def align(image_id: str) -> AlignedPage:
        empty = PageTruth(image_id, (), np.zeros((0, 4), np.float32))
        page = pipeline.prepare(read_page(paths[image_id]))
        boxes = pipeline.detector.detect(page).boxes
        text, boxes_known = transcriptions[image_id], truths.get(image_id, empty)
        return align_page(page.ink, boxes, text, boxes_known, recognizer, config)

    for made in map_pages(align, pages, kind="serial", progress="align"):
        if isinstance(made, Failure):
            logger.warning("%s: left out", made.error)
        else:
            yield made
