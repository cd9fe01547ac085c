"""All pages of a folder into a journal, without a threshold."""

from kuzushiji_submit.competition.page_images import PageImages
from kuzushiji_submit.core.memory import limit_caches
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.fill_journal import fill_journal
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.page_reader import PageReader
from kuzushiji_submit.reading.pipeline import Pipeline


def read_folder(
    pipeline: Pipeline,
    images: PageImages,
    journal: Journal,
    time_budget: TimeBudget | None = None,
    workers: int = 1,
) -> bool:
    """Reads the pages that a journal lacks, with a progress bar; those that cannot be read are named and left out.

    Everything that is found goes into the journal, however unsure.

    Args:
        pipeline: reads the pages.
        images: the image file of each page.
        journal: gets the readings.
        time_budget: the time there is, or None.
        workers: threads that read pages and find characters ahead of the recognizer.

    Returns:
        False where time was up before all pages were read.
    """
    limit_caches()
    reader = PageReader(pipeline.with_min_score(0.0), images, workers=workers, time_budget=time_budget)
    failures = fill_journal(reader, pipeline.windows(list(images)), journal, "read")
    return all(image_id in journal or image_id in failures for image_id in images)
