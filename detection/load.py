"""The detector of a weights file, whatever its network is."""

from collections.abc import Sequence
from pathlib import Path

from detection.detections import Detector
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.heatmap.ensemble import MeanOfMaps
from detection.heatmap.weights_file import KIND, DetectorMetadata, load_detector
from kuzushiji_submit.core.errors import WeightsError
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


def load_detectors(
    paths: Sequence[Path], config: HeatmapDetectorConfig | None = None, device: str = "auto"
) -> tuple[Detector, InkConfig | None]:
    """The detector of one weights file, as `load_any_detector`, or of several, whose maps are averaged.

    Args:
        paths: at least one.
        config: settings of the heatmap detector, where it is one.
        device: "auto", or a name that torch knows.

    Raises:
        WeightsError: if a file is missing, damaged or does not match, or one of several gives no maps.
        DeviceError: if the device cannot be used.
    """
    if len(paths) == 1:
        return load_any_detector(paths[0], config, device)
    networks = [load_detector(path)[0] for path in paths]
    for path, network in zip(paths, networks, strict=True):
        if isinstance(network, Detector):
            raise WeightsError(f"{path}: finds boxes without maps that could be averaged: name it alone")
    return HeatmapDetector(MeanOfMaps(networks), config, device), None
