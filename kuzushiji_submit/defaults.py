"""The weights that come with the project."""

from pathlib import Path

import recognition
from kuzushiji_submit.errors import CompetitionFileError

RECOGNIZER_WEIGHTS = Path(next(iter(recognition.__path__))) / "weights" / "recognizer.safetensors"


def recognizer_weights(given: Path | None) -> Path:
    """The weights file to use: the one given, or the one that comes with the project.

    Raises:
        CompetitionFileError: if there is no such file.
    """
    path = given or RECOGNIZER_WEIGHTS
    if not path.is_file():
        raise CompetitionFileError(f"{path}: no weights file: train one (kuzushiji train recognizer) or name another")
    return path
