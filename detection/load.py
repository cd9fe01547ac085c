"""The detector of a weights file, whatever its network is."""

from pathlib import Path

from detection.detections import Detector
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.heatmap.weights_file import KIND, DetectorMetadata
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.weights import load_network


def load_any_detector(
    path: Path, config: HeatmapDetectorConfig | None = None, device: str = "auto"
) -> tuple[Detector, InkConfig | None]:
    """The detector of a weights file, and the ink it was trained on; None where it is not shown the ink.

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
    network, record = load_network(path, KIND)
    if isinstance(network, Detector):
        return network, record.ink
    DetectorMetadata.from_record(record, str(path))  # refuses maps that are measured otherwise
    return HeatmapDetector(network, config, device), record.ink
