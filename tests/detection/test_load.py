"""Detectors of weights files, alone and together."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from detection.detections import Detections
from detection.heatmap.detector import HeatmapDetector
from detection.heatmap.ensemble import MeanOfMaps
from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from detection.heatmap.weights_file import DetectorMetadata, save_detector
from detection.load import load_detectors
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.prepared import PreparedPage

TINY = HeatmapNetConfig(widths=(4, 4, 6, 6, 8), depths=(1, 1, 1, 1), pyramid=4)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The weights of two untrained networks."""
    paths = []
    for seed in range(2):
        torch.manual_seed(seed)
        paths.append(tmp_path / f"{seed}.safetensors")
        save_detector(paths[-1], HeatmapNet(TINY).state_dict(), DetectorMetadata(TINY))
    return paths


def test_one_file_is_a_heatmap_detector_of_one_network(files: list[Path]) -> None:
    detector, ink = load_detectors(files[:1], device="cpu")
    assert isinstance(detector, HeatmapDetector)
    assert isinstance(detector.reader.network, HeatmapNet)
    assert ink is None


def test_several_files_are_averaged(files: list[Path]) -> None:
    detector, ink = load_detectors(files, device="cpu")
    assert isinstance(detector, HeatmapDetector)
    assert isinstance(detector.reader.network, MeanOfMaps)
    assert ink is None
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    single = [load_detectors([path], device="cpu")[0].reader.read(image).heat for path in files]
    np.testing.assert_allclose(detector.reader.read(image).heat, np.mean(single, axis=0), atol=1e-5)


class Boxes(nn.Module):
    """A network that gives boxes itself."""

    def detect(self, page: PreparedPage) -> Detections:
        """Nothing."""
        return Detections.empty()


def test_a_network_without_maps_is_refused_among_several(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detection.load.load_detector", lambda path: (Boxes(), DetectorMetadata(TINY)))
    with pytest.raises(WeightsError, match=r"0\.safetensors: finds boxes without maps"):
        load_detectors(files)


def test_a_missing_file_is_named(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.safetensors: no such weights file"):
        load_detectors([*files, tmp_path / "none.safetensors"])
