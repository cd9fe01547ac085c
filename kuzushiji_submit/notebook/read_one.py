"""One page after the other through pipelines that stay loaded."""

from functools import lru_cache
from pathlib import Path

from kuzushiji_submit.core.page.page_files import image_id_of
from kuzushiji_submit.notebook.read_page import ReadPage
from kuzushiji_submit.notebook.to_pixels import PageInput, to_image
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.look_again import read_best
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.step_files import StepFiles

Weights = Path | str | None


def read_one(
    page: PageInput, device: str, detector: Weights, recognizer: Weights, config: PipelineConfig | None
) -> ReadPage:
    """Reads one page; `kuzushiji_submit.read` says what the arguments mean.

    Raises:
        PageReadError: if the page cannot be read.
        WeightsError, CompetitionFileError: if a weights file is missing, damaged or does not match.
        DeviceError: if the device cannot be used.
    """
    name, image = to_image(page)
    pipeline = _pipeline(
        device, detector and Path(detector), recognizer and Path(recognizer), config or PipelineConfig()
    )
    return ReadPage(name, image.pixels, read_best(pipeline, image_id_of(Path(name)), image))


@lru_cache(maxsize=2)
def _pipeline(device: str, detector: Path | None, recognizer: Path | None, config: PipelineConfig) -> Pipeline:
    """The same as `kuzushiji predict` reads with."""
    return load_pipeline(
        config,
        default_weights.all_recognizer_weights([recognizer] if recognizer else None),
        default_weights.detector_weights(None, [detector] if detector else None),
        device,
        StepFiles.chosen(config),
    )
