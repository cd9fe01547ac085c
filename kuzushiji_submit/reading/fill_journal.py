"""Pages into a journal, one after the other."""

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from kuzushiji_submit.core.memory import release_freed
from kuzushiji_submit.core.progress import counter, write_line
from kuzushiji_submit.core.signals import raise_if_stopped
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.page_reader import PageFailure
from kuzushiji_submit.reading.page_reading import PageReading

logger = logging.getLogger(__name__)


class ReadsPages(Protocol):
    """A `PageReader`, or a `ShardedReader` that has many of them."""

    def read(self, image_ids: Sequence[str]) -> Iterator[PageReading | PageFailure]:
        """Readings and failures as they come; all pages, or those that the time suffices for."""
        ...


def fill_journal(reader: ReadsPages, windows: Sequence[Sequence[str]], journal: Journal, name: str) -> dict[str, str]:
    """Reads the pages that a journal lacks, or those that the time suffices for, with their progress shown.

    Args:
        reader: reads them; those that it cannot read are named on standard error.
        windows: all pages, those in the journal too, as they are read together: where the journal lacks one page of a
            window, the others are read with it once more.
        journal: gets the readings.
        name: what the progress is called.

    Returns:
        Why pages could not be read, by image_id.

    Raises:
        StoppedBySignalError: if the process was told to stop and waits for such a place.
    """
    lacking = [window for window in windows if any(image_id not in journal for image_id in window)]
    todo = [image_id for window in lacking for image_id in window]
    pages, known = sum(map(len, windows)), {image_id for image_id in todo if image_id in journal}
    failures = {}
    with counter(name, pages, initial=pages - len(todo) + len(known)) as bar:
        for done in reader.read(todo):
            raise_if_stopped()
            if done.image_id in known:
                continue
            if isinstance(done, PageFailure):
                failures[done.image_id] = done.message
                write_line(f"{done.image_id}: {done.message}")
            else:
                for note in done.notes:
                    logger.warning("%s: %s", done.image_id, note)
                journal.add(done)
            release_freed()
            bar.update()
    return failures
