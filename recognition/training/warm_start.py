"""Starting from the weights of another run, whose charset may be another."""

import dataclasses
import logging
from pathlib import Path

import torch
from torch import nn

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.core.settings import describe_difference
from recognition.preprocess import PreprocessConfig
from recognition.training.config import TrainConfig
from recognition.training.sources import MixedCrops
from recognition.weights_file import load_weights
from recognition.weights_metadata import WeightsMetadata

LOGGER = logging.getLogger(__name__)


def load_initial_weights(model: nn.Module, crops: MixedCrops, config: TrainConfig) -> PreprocessConfig:
    """Copies the weights of a file into a fresh model; rows of the classifier go to the same codepoint.

    Classes that the file does not know keep their random start.

    Args:
        model: fresh, with one class a character of the crops.
        crops: what it will be trained on.
        config: the run.

    Returns:
        The preprocessing of the run, with the mean and the std that the weights are used to.

    Raises:
        WeightsError: if the file cannot be read, or was trained on another ink.
        TrainingError: if it holds a model of another shape, or one that was shown its crops otherwise.
    """
    charset = crops.charset
    source, metadata = load_weights(Path(config.initial_weights))
    if metadata.model != config.model:
        raise TrainingError(
            f"{config.initial_weights} holds {metadata.model_name} {metadata.model}, the run trains "
            f"{config.model_name} {config.model}: choose the same shape"
        )
    preprocess = _choose_view(crops, metadata, config)
    rows = torch.tensor(metadata.charset.class_ids(charset.codepoints))
    known = rows >= 0
    state = model.state_dict()
    # The arrays with one row a class.
    classifier = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1] + "."
    for name, tensor in source.state_dict().items():
        if name.startswith(classifier):
            matched = state[name].clone()
            matched[: len(charset)][known] = tensor[rows[known]]
            # Outputs after the characters, such as "not a character", are the same in both.
            matched[len(charset) :] = tensor[len(metadata.charset) :]
            tensor = matched  # noqa: PLW2901 - the same array, put in order
        state[name] = tensor
    model.load_state_dict(state)
    LOGGER.info("started from %s, which knows %d of %d classes", config.initial_weights, int(known.sum()), len(charset))
    return preprocess


def _choose_view(crops: MixedCrops, metadata: WeightsMetadata, config: TrainConfig) -> PreprocessConfig:
    """What the run shows the network, with the mean and std of its weights; otherwise than before only where asked for.

    Raises:
        WeightsError: if the crops are of another ink.
        TrainingError: if the network would see its characters otherwise than before, and the run does not ask for it.
    """
    require_trained_ink(crops.ink, metadata.ink, f"{config.initial_weights}: the ink of the crops")
    used_to = metadata.preprocess
    wanted = config.preprocess
    if config.measure_normalization:  # then mean and std are not the user's, and the weights keep theirs
        wanted = dataclasses.replace(wanted, mean=used_to.mean, std=used_to.std)
    if config.initial_view == "other":
        return wanted
    cut = metadata.crop
    if used_to.context:
        # A window is sampled from crops with their surroundings: their size, and how much they show, may be another.
        cut = dataclasses.replace(crops.crop_config, fill=cut.fill)
    differences = {
        "preprocess": describe_difference(wanted, used_to),
        "crop": describe_difference(crops.crop_config, cut),
    }
    if named := "; ".join(f"{group}: {difference}" for group, difference in differences.items() if difference):
        raise TrainingError(
            f"{config.initial_weights} was trained on characters shown otherwise ({named}): set the same, start "
            "without initial weights, or let the network get used to it: initial_view=other"
        )
    return wanted
