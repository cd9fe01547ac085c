"""Pages read for the second level: everything that was detected, finished pages kept in a journal."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kuzushiji_submit.calibration.second_level import Candidates, candidates_of
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.journal import Journal, journal_path
from kuzushiji_submit.reading.pipeline import Pipeline

logger = logging.getLogger(__name__)


@contextmanager
def read_candidates(
    out: Path,
    pages: Sequence[tuple[Path, PageTruth]],
    pipeline: Pipeline,
    made_by: Mapping[str, Any],
    *,
    resume: bool,
) -> Iterator[Iterator[Candidates]]:
    """The candidates of pages one by one; pages that cannot be read are left out with a warning.

    Args:
        out: the file that will be made of them; the journal lies beside it.
        pages: images, and truth that is complete.
        pipeline: reads the pages; its `min_score` is not used.
        made_by: all that the readings depend on beside the pages, as JSON values.
        resume: whether to go on with a run that is there.

    Raises:
        OutputError: if the journal cannot be written, or is there and not to be resumed, or of another run.
    """
    reader = pipeline.with_min_score(0.0)
    with Journal(journal_path(out), dict(made_by), pipeline.recognizer.charset, resume=resume) as journal:
        yield _read(pages, reader, journal)


def _read(pages: Sequence[tuple[Path, PageTruth]], reader: Pipeline, journal: Journal) -> Iterator[Candidates]:
    for path, truth in tqdm(pages, "read", unit="page"):
        if truth.image_id not in journal:
            try:
                page = read_page(path)
            except PageReadError as error:
                logger.warning("%s: left out", error)
                continue
            journal.add(next(reader.read([(truth.image_id, page)])))
        yield candidates_of(journal[truth.image_id], truth)
