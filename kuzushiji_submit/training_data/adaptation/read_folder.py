"""All pages of a folder into a journal, without a threshold."""

from kuzushiji_submit.competition.page_images import PageImages
from kuzushiji_submit.core.memory import limit_caches, release_freed
from kuzushiji_submit.core.progress import counter, write_line
from kuzushiji_submit.core.signals import raise_if_stopped
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.page_reader import PageFailure, PageReader
from kuzushiji_submit.reading.pipeline import Pipeline


def read_folder(
    pipeline: Pipeline, images: PageImages, journal: Journal, time_budget: TimeBudget | None = None
) -> bool:
    """Reads the pages that a journal lacks, with a progress bar; those that cannot be read are named and left out.

    Everything that is found goes into the journal, however unsure.

    Args:
        pipeline: reads the pages.
        images: the image file of each page.
        journal: gets the readings.
        time_budget: the time there is, or None.

    Returns:
        False where time was up before all pages were read.
    """
    limit_caches()
    reader = PageReader(pipeline.with_min_score(0.0), images, time_budget=time_budget)
    todo = [image_id for image_id in images if image_id not in journal]
    tried = 0
    with counter("read", len(images), initial=len(images) - len(todo)) as bar:
        for done in reader.read(todo):
            raise_if_stopped()
            tried += 1
            if isinstance(done, PageFailure):
                write_line(f"{done.image_id}: {done.message}")
            else:
                journal.add(done)
            release_freed()
            bar.update()
    return tried == len(todo)
