"""The recognizer's networks: those of this package, and whatever else is registered as a recognizer."""

from typing import Annotated, cast

from torch import nn

from kuzushiji_submit.core.registry import NetworkConfig, NetworkOf, architecture_of

KIND = "recognizer"
DEFAULT = "reader"

RecognizerConfig = Annotated[NetworkConfig, NetworkOf(KIND, DEFAULT)]
"""The settings of one of the recognizer's networks; in TOML and JSON its name, or a group with the key architecture."""


def build_model(config: NetworkConfig, class_count: int) -> nn.Module:
    """A fresh network: takes what `recognition.preprocess.model_inputs` gives, and returns logits (N, class_count).

    A network whose class says `needs_context` is shown a box in its surroundings, and has one more output, the last,
    for "not a character".

    Raises:
        ConfigError: if the settings are no network's or out of range, or there is no class.
    """
    return cast("nn.Module", architecture_of(config).build(config, class_count))


def needs_context(config: NetworkConfig) -> bool:
    """Whether the network is shown a box in its context, and has one more output for "not a character"."""
    return bool(getattr(architecture_of(config).network, "needs_context", False))
