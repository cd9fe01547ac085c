"""The detector of a weights file, whatever its network is."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from detection.detections import Detections
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.heatmap.weights_file import KIND
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.core.weights import load_network, read_record


@runtime_checkable
class FindsBoxes(Protocol):
    """A network that makes boxes of a page itself."""

    def detect(self, page: PreparedPage) -> Detections:
        """The characters of a page, in page pixels."""
        ...


def load_any_detector(
    path: Path, config: HeatmapDetectorConfig | None = None, device: str = "auto"
) -> FindsBoxes | HeatmapDetector:
    """The detector of a weights file.

    A registered network that has a method `detect` is the detector; any other gives the maps of `HeatmapNet`, and
    `HeatmapDetector` makes boxes of them.

    Args:
        path: the weights file.
        config: settings of the heatmap detector, where it is one.
        device: "auto", or a name that torch knows.

    Raises:
        WeightsError: if the file is missing, damaged or does not match.
        DeviceError: if the device cannot be used.
    """
    if read_record(path).kind == KIND:
        network = load_network(path, KIND)[0]
        if isinstance(network, FindsBoxes):
            return network
    return HeatmapDetector.load(path, config, device)
