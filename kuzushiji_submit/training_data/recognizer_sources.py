"""Training the recognizer on data folders: charset, crops, then `recognition.training`."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detection.ink.detector import InkDetector, InkDetectorConfig
from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import charset_of, read_repaired_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.core.files import naming_full_disk
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from recognition.crops import CropConfig
from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource

logger = logging.getLogger(__name__)

DEFAULT_PRESET = "reader"
"""What is trained where no other settings are named: the network that comes with the project."""


@dataclass(frozen=True)
class RecognizerTraining(TrainConfig):
    """Settings of `kuzushiji train recognizer`: those of the training run, and how its crops are made.

    Attributes:
        crop: how boxes become crops; for a network that is shown a box in its context always with crop.resize context.
        ink: how pages become the ink that crops are cut from. The weights name it, and pages are read with it.
    """

    crop: CropConfig = field(default_factory=CropConfig)
    ink: InkConfig = field(default_factory=InkConfig)

    DERIVED: ClassVar[tuple[str, ...]] = (*TrainConfig.DERIVED, "crop.resize")

    def __post_init__(self) -> None:
        super().__post_init__()
        shown = self.preprocess.context
        if shown and self.crop.resize == CropConfig.resize:
            object.__setattr__(self, "crop", replace(self.crop, resize="context"))
        if bool(shown) != (self.crop.resize == "context"):
            raise ConfigError(
                f"crop.resize={self.crop.resize} does not suit {self.model_name}, which is shown "
                f"{'a box in its context: leave it out' if shown else 'the box alone: set fit or squish'}"
            )
        if shown and self.crop.context < shown:
            raise ConfigError(
                f"crop.context={self.crop.context:g} holds less than preprocess.context={shown:g}: set it above that"
            )

    @property
    def run(self) -> TrainConfig:
        """The settings of the training run alone."""
        return TrainConfig(**{each.name: getattr(self, each.name) for each in fields(TrainConfig)})


@dataclass(frozen=True)
class TrainingFolder:
    """A data folder and its part in a run.

    Attributes:
        data: the folder.
        share: its part of the draws relative to the others'; None counts its crops.
        validate: whether its books may be held out.
        false_alarms: whether boxes that the ink detector finds where no truth is are trained on as "not a character":
            only where the truth is complete.
    """

    data: DataFolder
    share: float | None = None
    validate: bool = True
    false_alarms: bool = False


@dataclass(frozen=True)
class InkBoxes:
    """The boxes that the ink detector finds on a page, weak ones too: a `PageDetector`."""

    config: InkDetectorConfig

    def __call__(self, page: PreparedPage) -> NDArray[np.float32]:
        """A page -> float32 (N, 4) xyxy."""
        return InkDetector(self.config).detect(page).boxes


def make_sources(
    folders: Sequence[TrainingFolder],
    crops: Path,
    settings: RecognizerTraining,
    charset: Charset | None = None,
    *,
    workers: int = 1,
) -> list[CropSource]:
    """Cuts the crops of every data folder and opens them for training.

    Args:
        folders: data folders; without shares their crops are drawn in proportion to their number.
        crops: folder for one crop store a data folder, finished ones are taken as they are.
        settings: how to cut.
        charset: the classes; None for every codepoint that the folders' train.csv use.
        workers: processes that cut.

    Raises:
        CompetitionFileError: if a folder cannot be read.
        CropStoreError: if `crops` holds crops of other settings, or of pages or truth that have changed since.
        OutputError: if the disk is full.
    """
    if charset is None:
        charset = charset_of([page for folder in folders for page in read_repaired_truth(folder.data.train_csv)])
    if len(charset) < 2:
        raise CompetitionFileError(
            f"{folders[0].data.train_csv}: {len(charset)} classes are nothing to tell apart: add pages"
        )
    logger.info("charset: %d classes, fingerprint %s", len(charset), charset.fingerprint)
    sources = []
    for number, folder in enumerate(folders):
        name = folder.data.root.name
        store = crops / f"{number:02d}-{name or 'data'}"
        detector = InkBoxes(InkDetectorConfig()) if folder.false_alarms else None
        with naming_full_disk(store):
            prepare_crops(folder.data, store, charset, settings.crop, settings.ink, detector=detector, workers=workers)
        opened = CropStore(store)
        share = max(1, len(opened)) if folder.share is None else folder.share
        sources.append(CropSource(opened, share, folder.validate, name))
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
    return charset_of(read_repaired_truth(path))
