"""Batch normalization's running statistics, measured again for weights that no training step has seen."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from recognition.crops import Crops
from recognition.preprocess import PreprocessConfig, model_inputs
from recognition.training.crop_store import CropStore
from recognition.weights_metadata import WeightsMetadata

SAMPLE, BATCH = 8192, 128


def measure_batch_statistics(model: nn.Module, metadata: WeightsMetadata, store: CropStore) -> int:
    """Gives every batch normalization of a model the mean and variance of crops, without distortion, as at prediction.

    Args:
        model: changed in place; left in evaluation mode.
        metadata: says how its crops are cut and prepared.
        store: the crops; an evenly spread part of them is used.

    Returns:
        How many crops were used.

    Raises:
        WeightsError: if the crops are others than the model was trained on, or fewer than two.
    """
    if store.crop_config != metadata.crop:
        raise WeightsError(f"{store.folder}: crops cut with {store.crop_config}, the weights need {metadata.crop}")
    require_trained_ink(store.ink, metadata.ink, f"{store.folder}: the ink of its crops")
    if len(store) < 2:
        raise WeightsError(f"{store.folder}: {len(store)} crops have no statistics: name another crop store")
    sample = np.linspace(0, len(store) - 1, min(SAMPLE, len(store))).astype(np.int64)
    # Every batch is to hold crops of all books: the variance between books counts, too.
    places = np.random.default_rng(0).permutation(sample)
    # As many crops in each batch, as nearly as it goes: all batches count alike, and none may be of one crop.
    parts = np.array_split(places, max(1, len(places) // BATCH))
    model.eval()
    with torch.no_grad():
        update_bn(_read(store, parts), _OnCrops(model, metadata.preprocess))
    model.eval()
    return len(places)


class _OnCrops(nn.Module):
    """A model called with crops: `update_bn` passes on one argument."""

    def __init__(self, model: nn.Module, preprocess: PreprocessConfig) -> None:
        super().__init__()
        self.model = model
        self.preprocess = preprocess

    def forward(self, crops: Crops) -> Tensor:
        inputs = model_inputs(torch.from_numpy(crops.pixels), torch.from_numpy(crops.geometry), self.preprocess)
        logits: Tensor = self.model(*inputs)
        return logits


def _read(store: CropStore, parts: list[NDArray[np.int64]]) -> Iterator[Crops]:
    for places in parts:
        yield store.read(places)
