"""Training the score map on data folders: prepared pages, the competition's metric, then `detection.training`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.data import StoreSource
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.scoring import match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.files import naming_full_disk
from kuzushiji_submit.training_data.prepare_pages import prepare_pages


def make_page_sources(
    data: Sequence[DataFolder],
    pages: Path,
    shares: Sequence[float] = (),
    train_only: Sequence[DataFolder] = (),
    *,
    workers: int = 1,
) -> list[StoreSource]:
    """Prepares the pages of every data folder.

    Args:
        data: data folders.
        pages: folder for one store a data folder; finished pages are taken as they are.
        shares: part of the tiles of each folder in `data`, then in `train_only`; none for parts by number of pages.
        train_only: data folders whose books are never held out, such as synthetic ones.
        workers: processes.

    Raises:
        ConfigError: if there are shares for another number of folders.
        CompetitionFileError: if a folder cannot be read.
        OutputError: if the disk is full.
    """
    folders = [*data, *train_only]
    if shares and len(shares) != len(folders):
        raise ConfigError(f"--shares has {len(shares)} numbers for {len(folders)} data folders: give one a folder")
    sources = []
    for number, folder in enumerate(folders):
        with naming_full_disk(pages):
            store = prepare_pages(folder, pages / f"{number:02d}-{folder.root.name or 'data'}", workers=workers)
        share = shares[number] if shares else float(max(1, len(store.page_ids())))
        sources.append(StoreSource(store.folder, share, validate=number < len(data)))
    return sources


def match_points(boxes: NDArray[np.float32], points: NDArray[np.float32]) -> tuple[int, int, int]:
    """The competition's matching with labels ignored: boxes (N, 4) xyxy, points (M, 2) -> tp, fp, fn."""
    truth = PageTruth("page", ("",) * len(boxes), boxes)
    predicted = PagePoints("page", ("",) * len(points), points.astype(np.float64))
    counts = match_page(truth, predicted, detection_only=True).counts
    return counts.tp, counts.fp, counts.fn
