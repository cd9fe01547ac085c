"""Training the recognizer on data folders: charset, crops, then `recognition.training`."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from detection.ink import InkConfig
from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import charset_of, read_truth
from kuzushiji_submit.crops import prepare_crops
from kuzushiji_submit.errors import CompetitionFileError
from recognition.charset import Charset
from recognition.crops import CropConfig
from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecognizerTraining(TrainConfig):
    """Settings of `kuzushiji train recognizer`: those of the training run, and how its crops are made.

    Attributes:
        crop: how boxes become crops.
        ink: settings of the ink map that crops are cut from.
    """

    crop: CropConfig = field(default_factory=CropConfig)
    ink: InkConfig = field(default_factory=InkConfig)

    @property
    def run(self) -> TrainConfig:
        """The settings of the training run alone."""
        return TrainConfig(**{one.name: getattr(self, one.name) for one in fields(TrainConfig)})


def make_sources(
    data: Sequence[DataFolder],
    crops: Path,
    settings: RecognizerTraining,
    charset: Charset | None = None,
    *,
    workers: int = 1,
) -> list[CropSource]:
    """Cuts the crops of every data folder and opens them for training.

    Args:
        data: data folders; their crops are drawn in proportion to their number.
        crops: folder for one crop store a data folder, finished ones are taken as they are.
        settings: how to cut.
        charset: the classes; None for every codepoint that the folders' train.csv use.
        workers: processes that cut.

    Raises:
        CompetitionFileError: if a folder cannot be read.
        CropStoreError: if `crops` holds crops of other settings.
    """
    if charset is None:
        charset = charset_of([page for folder in data for page in read_truth(folder.train_csv, [])])
    if len(charset) < 2:
        raise CompetitionFileError(f"{data[0].train_csv}: {len(charset)} classes are nothing to tell apart: add pages")
    logger.info("charset: %d classes, fingerprint %s", len(charset), charset.fingerprint)
    sources = []
    for number, folder in enumerate(data):
        store = crops / f"{number:02d}-{folder.root.name or 'data'}"
        prepare_crops(folder, store, charset, settings.crop, settings.ink, workers=workers)
        opened = CropStore(store)
        sources.append(CropSource(opened, weight=max(1, len(opened)), name=folder.root.name))
    return sources


def read_charset(path: Path) -> Charset:
    """The charset of a CSV with a column of codepoints ("Unicode" or "codepoint"), or of a file in train.csv's format.

    Raises:
        CompetitionFileError: if the file has none of these columns.
        CharsetError: if a codepoint is malformed.
    """
    for column in ("Unicode", "codepoint"):
        try:
            return Charset.from_labels(row.cells[0] for row in read_rows(path, (column,)))
        except CompetitionFileError as error:
            if "no column" not in str(error):
                raise
    return charset_of(read_truth(path, []))
