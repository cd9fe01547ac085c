"""The crops and heatmaps of the cases that a report shows: the pages are read a second time, only those needed."""

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, attempt
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.interpretation.page_crops import CutSettings, PageCrops, cut_page_truth
from kuzushiji_submit.interpretation.pictures import lay_over, show_ink, write_panels
from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.folder import ReportFolder
from kuzushiji_submit.report.images import write_crop
from recognition.crops import Crops
from recognition.interpretation.cases import Case
from recognition.interpretation.heatmaps import explain
from recognition.interpretation.interpretation import Interpretation
from recognition.recognizer import Recognizer

logger = logging.getLogger(__name__)


@dataclass
class Findings:
    """What reading all pages gave.

    Attributes:
        interpretation: figures and cases; a place counts the crops of all pages in order.
        pages: the pages with their images.
        starts: the place of each page's first crop, and after the last page the number of all crops.
        unknown: characters left out because the weights do not know them.
        unreadable: why pages could not be read, by image_id.
    """

    interpretation: Interpretation
    pages: Sequence[tuple[PageTruth, PageFile]]
    starts: list[int] = field(default_factory=lambda: [0])
    unknown: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def by_page(self, places: Iterable[int]) -> dict[int, list[int]]:
        """The places of crops by page: page number -> numbers of the crops on that page."""
        found: dict[int, list[int]] = defaultdict(list)
        for place in sorted(set(places)):
            page = bisect_right(self.starts, place) - 1
            found[page].append(place - self.starts[page])
        return dict(found)


@dataclass(frozen=True)
class Drawn:
    """A case on disk.

    Attributes:
        image_id: its page.
        index: the place of its box in that page's truth, from 0.
        crop: name of the file with its crop in color; None where the box is too small to be cut.
        heatmap: name of the file with its heatmaps; None where none was asked for.
    """

    image_id: str
    index: int
    crop: str | None
    heatmap: str | None


def draw_cases(
    findings: Findings, recognizer: Recognizer, cut: CutSettings, folder: ReportFolder, heatmaps: int, confusions: int
) -> Mapping[int, Drawn]:
    """Writes the crops of all cases and the heatmaps of the first ones of each kind.

    Args:
        findings: what was found.
        recognizer: draws the heatmaps.
        cut: as in the first reading.
        folder: where to.
        heatmaps: how many cases of each kind get heatmaps.
        confusions: of how many confusions examples are wanted.

    Returns:
        what was drawn, by place.
        A page that can no longer be read has nothing here, with a warning.
    """
    found = findings.interpretation
    kinds = (found.top_losses(), found.suspects(), found.hits())
    explained = {case.place: case for cases in kinds for case in cases[:heatmaps]}
    wanted = [case.place for cases in kinds for case in cases]
    wanted += [place for one in found.confusions(confusions) for place in one.examples]
    drawn: dict[int, Drawn] = {}
    for number, rows in progress(findings.by_page(wanted).items(), "draw crops"):
        page = attempt(lambda page: cut_page_truth(*page, cut), findings.pages[number])
        if isinstance(page, Failure):
            logger.warning("%s (it could be read a moment ago)", page.error)
            continue
        for row in rows:
            place = findings.starts[number] + row
            drawn[place] = _draw(page, row, place, explained.get(place), recognizer, folder)
    return drawn


def _draw(
    page: PageCrops, row: int, place: int, explained: Case | None, recognizer: Recognizer, folder: ReportFolder
) -> Drawn:
    index = int(page.indices[row])
    name = f"{place:08d}"
    x0, y0, x1, y1 = map(float, page.truth.boxes[index])
    box: Box = (x0, y0, x1, y1)
    has_crop = write_crop(page.pixels, box, folder.crop(name))
    if explained is not None:
        write_heatmaps(folder.picture(name), recognizer, page.crops.select(slice(row, row + 1)), explained.truth)
    return Drawn(page.truth.image_id, index, name if has_crop else None, name if explained is not None else None)


def write_heatmaps(path: Path, recognizer: Recognizer, crop: Crops, truth: int | None = None) -> None:
    """Writes what the network saw of one crop, its activation, what speaks for its reading, and for the truth.

    The last one is left out where the truth is what was read, or not known.

    Raises:
        OutputError: if the file cannot be written.
    """
    read = explain(recognizer, crop)
    image = read.images[0]
    panels = [show_ink(image), lay_over(image, read.activation[0]), lay_over(image, read.evidence[0])]
    if truth is not None and truth != read.class_ids[0]:
        panels.append(lay_over(image, explain(recognizer, crop, [truth]).evidence[0]))
    write_panels(path, [np.asarray(panel, np.uint8) for panel in panels])
