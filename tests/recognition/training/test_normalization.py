from collections.abc import Callable

import numpy as np
import pytest

from recognition.preprocess import PreprocessConfig
from recognition.training.crop_store import CropStore
from recognition.training.normalization import measure_normalization
from recognition.training.sources import CropSource, MixedCrops


def test_statistics_are_those_of_the_training_crops(mixed: MixedCrops) -> None:
    train = np.arange(30)
    measured = measure_normalization(mixed, train, PreprocessConfig(mean=9.0, std=9.0))
    pixels = mixed.read(train).pixels / 255
    assert measured.mean == pytest.approx(pixels.mean(), abs=1e-4)
    assert measured.std == pytest.approx(pixels.std(), abs=1e-4)


def test_statistics_are_taken_after_binarization(mixed: MixedCrops) -> None:
    measured = measure_normalization(mixed, np.arange(30), PreprocessConfig("height"))
    assert measured.binarize == "height"
    # Of zeros and ones the variance is p (1 - p).
    assert measured.std**2 == pytest.approx(measured.mean * (1 - measured.mean), abs=1e-3)


def test_blank_crops_do_not_divide_by_zero(make_store: Callable[..., CropStore]) -> None:
    blank = MixedCrops([CropSource(make_store(("p", "b", [0, 1]), size=48))])
    measured = measure_normalization(blank, np.arange(2), PreprocessConfig())
    assert (measured.mean, measured.std) == (0.0, 1.0)
