"""The detector's contact sheets on disk."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.errors import OutputError
from kuzushiji_submit.pipeline import Pipeline


def write_debug_sheet(folder: Path, image_id: str, page: NDArray[np.uint8], pipeline: Pipeline) -> None:
    """Draws every stage of the detector on one page into `folder/<image_id>.jpg`.

    Raises:
        OutputError: if the file cannot be written.
    """
    from detection.debug_sheet import debug_sheet

    path = folder / f"{image_id}.jpg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(debug_sheet(pipeline.detector.explain(page))).save(path, quality=85)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}): name another folder") from error
