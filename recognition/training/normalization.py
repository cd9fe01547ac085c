"""The mean and the standard deviation that crops are normalized with."""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray

from recognition.preprocess import PreprocessConfig, model_inputs
from recognition.training.sources import MixedCrops

SAMPLE = 4096


def measure_normalization(crops: MixedCrops, train: NDArray[np.int64], config: PreprocessConfig) -> PreprocessConfig:
    """The preprocessing with mean and std measured on evenly spread training crops, after binarization.

    Args:
        crops: everything there is.
        train: int64 (T,), the places of the training crops.
        config: the preprocessing; its own mean and std are not used.
    """
    raw = dataclasses.replace(config, mean=0.0, std=1.0)
    sample = train[np.linspace(0, len(train) - 1, min(SAMPLE, len(train))).astype(np.int64)]
    chosen = crops.read(sample)
    # The first channel is ink; a second one would mark the box.
    pixels = model_inputs(torch.from_numpy(chosen.pixels), torch.from_numpy(chosen.geometry), raw)[0][:, 0].double()
    # Rounded so that the order of a sum on another machine does not show; blank crops must not divide by zero.
    mean, std = round(float(pixels.mean()), 5), round(float(pixels.std(correction=0)), 5)
    return dataclasses.replace(config, mean=mean, std=std or 1.0)
