"""The next network is one file: a second detector and a second recognizer are saved, loaded and read a page."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import kuzushiji_submit
from detection.heatmap.detector import HeatmapDetector
from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from detection.heatmap.weights_file import DetectorMetadata, save_detector
from detection.load import load_any_detector
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.registry import config_to_plain
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.core.weights import save_weights
from kuzushiji_submit.core.weights_record import WeightsRecord
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
from kuzushiji_submit.training_data.recognizer_sources import RecognizerTraining
from recognition.crops import CropConfig
from recognition.models.registry import build_model
from recognition.recognizer import Recognizer
from recognition.weights_file import read_metadata
from recognition.weights_file import save_weights as save_recognizer
from recognition.weights_metadata import WeightsMetadata
from tests.dark_blobs import DarkBlobs, DarkBlobsConfig
from tests.ink_mean import InkMeanConfig

SAMPLE = Path(kuzushiji_submit.__file__).parent / "sample"
CHARSET = Charset(("U+4E00", "U+3042"))


@pytest.fixture
def page() -> np.ndarray:
    """A thin bar above a filled square on white, uint8 (300, 200, 3)."""
    drawn = np.full((300, 200, 3), 255, np.uint8)
    cv2.rectangle(drawn, (70, 60), (129, 69), (20, 20, 20), -1)
    cv2.rectangle(drawn, (70, 150), (129, 209), (20, 20, 20), -1)
    return drawn


@pytest.fixture
def detector_weights(tmp_path: Path) -> Path:
    path = tmp_path / "detector.safetensors"
    network = DarkBlobs(DarkBlobsConfig(smallest=100))
    record = WeightsRecord("detector", "dark_blobs", {"smallest": 100})
    save_weights(path, network.state_dict(), record)
    return path


@pytest.fixture
def recognizer_weights(tmp_path: Path) -> Path:
    path = tmp_path / "recognizer.safetensors"
    model = build_model(InkMeanConfig(), len(CHARSET))
    # Much ink is class 1, little is class 0.
    state = {"last.weight": torch.tensor([[-20.0], [20.0]]), "last.bias": torch.tensor([10.0, -10.0])}
    model.load_state_dict(state)
    save_recognizer(path, model.state_dict(), WeightsMetadata(InkMeanConfig(), CHARSET, CropConfig(size=32)))
    return path


def test_a_second_detector_is_loaded_and_finds_boxes(detector_weights: Path, page: np.ndarray) -> None:
    detector, ink = load_any_detector(detector_weights)
    assert ink is None
    assert isinstance(detector, DarkBlobs)
    assert detector.config == DarkBlobsConfig(100)
    found = detector.detect(prepare_page(page))
    assert found.boxes.tolist() == [[70, 60, 130, 70], [70, 150, 130, 210]]
    assert len(detector.detect(prepare_page(np.full((20, 20, 3), 255, np.uint8)))) == 0


def test_the_project_s_own_detector_comes_through_the_same_door(tmp_path: Path) -> None:
    path = tmp_path / "heatmap.safetensors"
    config = HeatmapNetConfig((2, 2, 2, 2, 2), (1, 1, 1, 1), 2)
    save_detector(path, HeatmapNet(config).state_dict(), DetectorMetadata(config))
    assert isinstance(load_any_detector(path, device="cpu")[0], HeatmapDetector)


def test_the_pipeline_reads_a_page_with_both(detector_weights: Path, recognizer_weights: Path) -> None:
    page = read_page(sorted(SAMPLE.glob("test_images/*.jpg"))[0])
    pipeline = load_pipeline(PipelineConfig(min_score=0.0), [recognizer_weights], [detector_weights], "cpu")
    (read,) = pipeline.read([("page", page)])
    assert read.image_id == "page"
    assert len(read) > 10
    assert np.array_equal(read.boxes, load_any_detector(detector_weights)[0].detect(prepare_page(page)).boxes)
    assert set(read.codepoints) <= set(CHARSET.codepoints)


def test_stages_that_were_trained_on_different_inks_are_refused(tmp_path: Path, recognizer_weights: Path) -> None:
    path = tmp_path / "faint.safetensors"
    network = DarkBlobs(DarkBlobsConfig(smallest=100))
    for ink in (InkConfig(), InkConfig(floor=0.1)):
        record = WeightsRecord("detector", "dark_blobs", {"smallest": 100}, ink=ink)
        save_weights(path, network.state_dict(), record, overwrite=True)
        if ink == InkConfig():
            load_pipeline(PipelineConfig(), [recognizer_weights], [path], "cpu")
        else:
            with pytest.raises(WeightsError, match=r"faint.*: the recognizer's ink is not .* \(floor 0\.25, not"):
                load_pipeline(PipelineConfig(), [recognizer_weights], [path], "cpu")


def test_the_record_of_a_run_names_the_ink_of_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "faint.safetensors"
    metadata = WeightsMetadata(InkMeanConfig(), CHARSET, CropConfig(size=32), ink=InkConfig(floor=0.1))
    save_recognizer(path, build_model(InkMeanConfig(), len(CHARSET)).state_dict(), metadata)
    pipeline = load_pipeline(PipelineConfig(), [path], [], "cpu")
    assert pipeline.prepare(np.zeros((9, 9, 3), np.uint8)).config == InkConfig(floor=0.1)
    assert describe(PipelineConfig(), pipeline, [path], [])["pipeline"]["ink"]["floor"] == 0.1


def test_a_second_recognizer_can_be_trained_by_its_name() -> None:
    settings = read_settings(RecognizerTraining(), overrides=["model=ink_mean", "model.bias=false"])
    assert settings.model == InkMeanConfig(bias=False)
    assert (settings.preprocess.context, settings.crop.resize) == (0, "fit")
    assert config_to_plain(settings.model) == {"architecture": "ink_mean", "bias": False}


def test_weights_do_not_pass_for_another_network_s(detector_weights: Path, recognizer_weights: Path) -> None:
    with pytest.raises(WeightsError, match=r"weights of a detector \(dark_blobs\)"):
        Recognizer.load(detector_weights, "cpu")
    with pytest.raises(WeightsError, match="weights of a recognizer"):
        load_any_detector(recognizer_weights, device="cpu")
    metadata = read_metadata(recognizer_weights)
    wrong = dataclasses.replace(metadata, model=InkMeanConfig(bias=False))
    with pytest.raises(WeightsError, match=r"unexpected last\.bias"):
        save_recognizer(recognizer_weights, build_model(metadata.model, 2).state_dict(), wrong, overwrite=True)
