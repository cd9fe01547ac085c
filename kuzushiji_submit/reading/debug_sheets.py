"""The contact sheets of the detector on disk."""

from pathlib import Path

from PIL import Image

from detection.heatmap.debug_sheet import heatmap_sheet
from detection.heatmap.detector import HeatmapStages
from detection.ink.debug_sheet import debug_sheet
from detection.ink.detector import DetectionStages
from kuzushiji_submit.core.errors import OutputError


def write_debug_sheet(folder: Path, image_id: str, stages: DetectionStages | HeatmapStages) -> None:
    """Draws every stage of the detector on one page into `folder/<image_id>.jpg`.

    Raises:
        OutputError: if the file cannot be written.
    """
    path = folder / f"{image_id}.jpg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sheet = heatmap_sheet(stages) if isinstance(stages, HeatmapStages) else debug_sheet(stages)
        Image.fromarray(sheet).save(path, quality=85)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}): name another folder") from error
