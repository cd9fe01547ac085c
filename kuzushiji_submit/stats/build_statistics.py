"""Makes the report on a data folder; of the page images only some are opened, one at a time."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.translation import read_translation
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, attempt
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.core.files import atomic_bytes, atomic_text
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.interpretation.matrix import encode_png
from kuzushiji_submit.report.folder import FIGURE_REPORT, ReportFolder, prepare_folder
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.images import SCAN_HW, write_crop, write_picture
from kuzushiji_submit.stats.collect import Statistics, collect, pages_with
from kuzushiji_submit.stats.drawings import draw_boxes, draw_frequencies, draw_sizes, draw_steps, join
from kuzushiji_submit.stats.render import PageShown, Sample, StatsContent, render
from recognition.training.balance import class_quotas
from recognition.training.config import BalanceConfig

logger = logging.getLogger(__name__)

SQUISHED = 224  # pixels of the seed's resized page


@dataclass(frozen=True)
class StatsSettings:
    """What the report shows.

    Attributes:
        ink: the ink that crops are shown cut from, to try settings before a training with them.
        balance: the sampler's balance whose effect is drawn.
        pages: pages drawn with their boxes, by chance.
        samples: characters shown with their labels, from the same pages.
        steps: how many of these are shown step by step.
        seed: of the choice.
    """

    ink: InkConfig = field(default_factory=InkConfig)
    balance: BalanceConfig = field(default_factory=lambda: BalanceConfig(power=1.0, at_least=500, at_most=500))
    pages: int = 6
    samples: int = 36
    steps: int = 6
    seed: int = 0


@dataclass(frozen=True)
class StatsSummary:
    """What was made: the file to open, the figures, and the pages that were looked for with how often each has it."""

    index: Path
    figures: Statistics
    pages_with: list[tuple[str, int]]


def build_statistics(
    data: DataFolder,
    out: Path,
    settings: StatsSettings | None = None,
    *,
    samples: Sequence[tuple[str, int]] = (),
    contains: str | None = None,
) -> StatsSummary:
    """Writes index.html.

    Args:
        data: the data folder.
        out: a new or empty folder, or an earlier report's, which is overwritten.
        settings: what is shown.
        samples: characters to show instead of some by chance: image_id, and the place of the box from 0.
        contains: a codepoint whose pages are listed, and shown first.

    Raises:
        CompetitionFileError: if train.csv cannot be read or lists no character.
        ConfigError: if a sample is not in the data.
        OutputError: if `out` holds something else or cannot be written.
    """
    settings = settings or StatsSettings()
    truth, images = read_annotated_pages(data)
    figures = collect(truth, images.keys())
    if not figures.characters:
        raise CompetitionFileError(f"{data.train_csv}: no character is annotated: there is nothing to count")
    found = pages_with(truth, contains) if contains else []
    chosen = _choose(truth, images, settings, samples, [image_id for image_id, _ in found])
    folder = prepare_folder(out, FIGURE_REPORT, "stats")
    shown, cut, unreadable = _draw_pages(chosen, images, settings, bool(samples), folder)
    counts = np.array(sorted(figures.counts.values(), reverse=True), np.int64)
    draws = {
        "balance of these settings": class_quotas(counts, settings.balance),
        "training's default": class_quotas(counts, BalanceConfig()),
    }
    atomic_bytes(folder.picture("frequencies"), draw_frequencies(counts, draws))
    atomic_bytes(folder.picture("sizes"), draw_sizes(figures.per_page, figures.sides))
    content = StatsContent(
        data=data.root.name,
        figures=figures,
        pages=shown,
        samples=cut,
        contains=contains,
        pages_with=found,
        draws={name: float(values.sum()) for name, values in draws.items()},
        unreadable=unreadable,
        glyphs=Glyphs(read_translation(data.translation_csv, []) if data.translation_csv.is_file() else {}),
    )
    with atomic_text(folder.index) as stream:
        stream.write(render(content))
    return StatsSummary(folder.index, figures, found)


def _choose(
    truth: Sequence[PageTruth],
    images: Mapping[str, PageFile],
    settings: StatsSettings,
    samples: Sequence[tuple[str, int]],
    first: Sequence[str],
) -> list[tuple[PageTruth, list[int]]]:
    """The pages to draw, and the places of the boxes to show of each."""
    pages = {page.image_id: page for page in truth if page.image_id in images and not page.without_area.all()}
    random = np.random.default_rng(settings.seed)
    if samples:
        wanted: dict[str, list[int]] = {}
        for image_id, index in samples:
            if image_id not in pages or not 0 <= index < len(pages[image_id]):
                raise ConfigError(f"sample {image_id}:{index}: no such box on a page with an image: see train.csv")
            wanted.setdefault(image_id, []).append(index)
        return [(pages[image_id], places) for image_id, places in wanted.items()]
    preferred = [image_id for image_id in first if image_id in pages]
    others = sorted(set(pages) - set(preferred))
    order = [*preferred, *(others[place] for place in random.permutation(len(others)))][: settings.pages]
    chosen = []
    for number, image_id in enumerate(order):
        page = pages[image_id]
        share = settings.samples * (number + 1) // len(order) - settings.samples * number // len(order)
        chosen.append((page, random.permutation(np.flatnonzero(~page.without_area))[:share].tolist()))
    return chosen


def _draw_pages(
    chosen: Sequence[tuple[PageTruth, list[int]]],
    images: Mapping[str, PageFile],
    settings: StatsSettings,
    all_steps: bool,  # noqa: FBT001 - private
    folder: ReportFolder,
) -> tuple[list[PageShown], list[Sample], list[str]]:
    shown: list[PageShown] = []
    samples: list[Sample] = []
    unreadable: list[str] = []

    def open_page(file: PageFile) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        pixels = read_page(file)
        return pixels, prepare_page(pixels, settings.ink).ink

    for number, (page, places) in enumerate(progress(chosen, "draw pages")):
        opened = attempt(open_page, images[page.image_id])
        if isinstance(opened, Failure):
            logger.warning("%s", opened.error)
            unreadable.append(str(opened.error))
            continue
        pixels, ink = opened
        height, width = pixels.shape[:2]
        scale = min(1.0, SCAN_HW[0] / height, SCAN_HW[1] / width)
        name = f"page-{number:03d}"
        size = max(1, round(height * scale)), max(1, round(width * scale))
        write_picture(draw_boxes(pixels, page.boxes, size), folder.crop(name))
        write_picture(draw_boxes(pixels, page.boxes, (SQUISHED, SQUISHED)), folder.crop(f"{name}-squished"))
        shown.append(PageShown(page.image_id, name, len(page), (height, width)))
        for place in places:
            x0, y0, x1, y1 = map(float, page.boxes[place])
            crop = f"{name}-{place:04d}"
            if page.outside((height, width))[place] or not write_crop(pixels, (x0, y0, x1, y1), folder.crop(crop)):
                continue
            names: tuple[str, ...] = ()
            if all_steps or len(samples) < settings.steps:
                steps = draw_steps(pixels, ink, page.boxes[place])
                names = tuple(step for step, _ in steps)
                atomic_bytes(folder.picture(crop), encode_png(join([panel for _, panel in steps])))
            samples.append(Sample(page.image_id, place, page.codepoints[place], crop, names))
    return shown, samples, unreadable
