"""The contact sheets of a detector on disk."""

import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from detection.detections import Detections, Detector
from kuzushiji_submit.core.errors import ConfigError, OutputError
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.reading.protocols import Stages


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

        Raises:
            OutputError: if the file cannot be written.
        """
        stages = self._explain(page)
        # A table may write the id with folders.
        name = re.sub(r"[/\\]", "_", image_id)
        path = self.folder / f"{name}.jpg"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(stages.draw()).save(path, quality=85)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error}): name another folder") from error
        return stages.detections
