"""The weights, the text prior and the column model that come with the project."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import detection
import recognition
from kuzushiji_submit.core.errors import CompetitionFileError

logger = logging.getLogger(__name__)

DETECTOR_WEIGHTS = Path(next(iter(detection.__path__))) / "weights" / "detector.safetensors"
TEXT_PRIOR = Path(__file__).with_name("data") / "prior.safetensors"
RECOGNIZER_WEIGHTS = Path(next(iter(recognition.__path__))) / "weights" / "recognizer.safetensors"
"""The first recognizer; beside it may lie others, whose scores are averaged with its: recognizer-2.safetensors, ..."""
DENSE_WEIGHTS = DETECTOR_WEIGHTS.with_name("dense.safetensors")
"""The dense reader that joins them, if there is one."""
COLUMN_MODEL = RECOGNIZER_WEIGHTS.with_name("column.safetensors")
"""What reads whole columns after them, if there is one."""


def recognizer_weights(given: Path | None) -> Path:
    """The one weights file to use: the one given, or the first of those that come with the project.

    Raises:
        CompetitionFileError: if there is no such file.
    """
    path = given or RECOGNIZER_WEIGHTS
    if not path.is_file():
        raise CompetitionFileError(f"{path}: no weights file: train one (kuzushiji train recognizer) or name another")
    return path


def all_recognizer_weights(given: Sequence[Path] | None) -> tuple[Path, ...]:
    """The weights files to use together: those given, or those that come with the project.

    Args:
        given: files of readers of crops and of dense readers; none for the project's own.

    Raises:
        CompetitionFileError: if one is missing.
    """
    if given:
        return tuple(recognizer_weights(path) for path in given)
    first = recognizer_weights(None)
    dense = [DENSE_WEIGHTS] if DENSE_WEIGHTS.is_file() else []
    return (first, *sorted(first.parent.glob(f"{first.stem}-[2-9]{first.suffix}")), *dense)


def text_prior(given: Path | None) -> Path | None:
    """The text prior to use: the one given, the one that comes with the project, or none, and then the log says so.

    Raises:
        CompetitionFileError: if the one given is missing.
    """
    path = given or TEXT_PRIOR
    if path.is_file():
        return path
    if given is None:
        logger.warning("%s: no text prior: characters are read without the text around them, which reads less", path)
        return None
    raise CompetitionFileError(f"{path}: no text prior: make one (kuzushiji prior) or name another file")


def column_model(given: Path | None) -> Path | None:
    """The column model to use: the one given, the one that comes with the project if there is one, or none.

    Raises:
        CompetitionFileError: if the one given is missing.
    """
    path = given or COLUMN_MODEL
    if path.is_file():
        return path
    if given is None:
        return None
    raise CompetitionFileError(f"{path}: no column model: train one (kuzushiji train column) or name another file")


def detector_weights(kind: Literal["heatmap", "ink"] | None, given: Sequence[Path] | None) -> tuple[Path, ...]:
    """The weights files of the heatmap detector, or none for the ink detector, which needs none.

    Without a choice it is the heatmap detector, with the file given or the one that comes with the project; where that
    is missing too, the ink detector stands in, and the log says so.

    Args:
        kind: the choice.
        given: weights files; None for the one that comes with the project.

    Raises:
        CompetitionFileError: if a file is missing, or one is given for the ink detector.
    """
    if kind == "ink":
        if given:
            raise CompetitionFileError(f"{given[0]}: the ink detector takes no weights: choose --detector heatmap")
        return ()
    paths = tuple(given or [DETECTOR_WEIGHTS])
    missing = [path for path in paths if not path.is_file()]
    if not missing:
        return paths
    if kind is None and not given:
        logger.warning("%s: no detector weights: the ink detector is used, which finds less", missing[0])
        return ()
    raise CompetitionFileError(f"{missing[0]}: no weights file: train one (kuzushiji train detector) or name another")
