"""Starting from the weights of another run, whose charset may be another."""

import dataclasses
import logging
from pathlib import Path

import torch
from torch import nn

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from recognition.preprocess import PreprocessConfig
from recognition.training.config import TrainConfig
from recognition.weights_file import load_weights

LOGGER = logging.getLogger(__name__)


def load_initial_weights(model: nn.Module, charset: Charset, config: TrainConfig) -> PreprocessConfig:
    """Copies the weights of a file into a fresh model; rows of the classifier go to the same codepoint.

    Classes that the file does not know keep their random start.

    Returns:
        The preprocessing of the run, with the mean and the std that the weights are used to.

    Raises:
        WeightsError: if the file cannot be read.
        TrainingError: if it holds a model of another shape.
    """
    source, metadata = load_weights(Path(config.initial_weights))
    if metadata.model != config.model:
        raise TrainingError(
            f"{config.initial_weights} holds {metadata.model_name} {metadata.model}, the run trains "
            f"{config.model_name} {config.model}: choose the same shape"
        )
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
    return dataclasses.replace(config.preprocess, mean=metadata.preprocess.mean, std=metadata.preprocess.std)
