"""The contact sheets of a detector on disk."""

import io
import logging
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from detection.detections import Detections, Detector
from kuzushiji_submit.core.errors import ConfigError, OutputError
from kuzushiji_submit.core.files import atomic_bytes, fit_path
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.reading.protocols import Stages

logger = logging.getLogger(__name__)

MARKER = ".kuzushiji-debug"
"""Tells these pictures from pages, where the folder lies among pages (see `core.page.page_folder`)."""


class DebugSheets:
    """Draws every stage of a detector on each page into `folder/<image_id>.jpg`; safe to call from several threads."""

    def __init__(self, detector: Detector, folder: Path) -> None:
        """Takes a detector that can explain itself (see `ExplainingDetector`).

        Raises:
            ConfigError: if it cannot.
        """
        explain: Callable[[PreparedPage], Stages] | None = getattr(detector, "explain", None)
        if explain is None:
            raise ConfigError(f"{type(detector).__name__} has no stages to draw: leave --debug out")
        self._explain = explain
        self.folder = folder

    def detect(self, image_id: str, page: PreparedPage) -> Detections:
        """What the detector finds on a page, after its sheet is written.

        A sheet is a picture beside the result: one that cannot be drawn or written is a warning.
        """
        stages = self._explain(page)
        name = fit_path(image_id, ".jpg")
        try:
            encoded = io.BytesIO()
            Image.fromarray(stages.draw()).save(encoded, "JPEG", quality=85)
            atomic_bytes(self.folder / name, encoded.getvalue())
            (self.folder / MARKER).touch()
        except OutputError as error:
            logger.warning("no debug sheet of %s: %s", image_id, error)
        except Exception as error:
            logger.warning("no debug sheet of %s: it cannot be drawn (%s: %s)", image_id, type(error).__name__, error)
            logger.debug("%s", image_id, exc_info=True)
        return stages.detections
