"""Models by name: a weights file and a training configuration name theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from kuzushiji_submit.core.errors import ConfigError
from recognition.models.backbones import ResNet50, ResNet50Config, Vgg16Bn, Vgg16BnConfig
from recognition.models.kuzu_char_rec import KuzuCharRec, KuzuCharRecConfig
from recognition.models.reader import Reader, ReaderConfig
from recognition.models.simple_kuzu_rec import SimpleKuzuRec, SimpleKuzuRecConfig

ModelConfig = KuzuCharRecConfig | SimpleKuzuRecConfig | ResNet50Config | Vgg16BnConfig | ReaderConfig


@dataclass(frozen=True)
class Architecture:
    """A registered model.

    Attributes:
        config_class: the dataclass that describes its shape.
        build: makes it from a configuration and the number of classes.
        needs_context: whether it is shown a box in its context, and has one more output for "not a character".
    """

    config_class: type[ModelConfig]
    build: Callable[[Any, int], nn.Module]
    needs_context: bool = False


ARCHITECTURES = {
    "kuzu_char_rec": Architecture(KuzuCharRecConfig, KuzuCharRec),
    "simple_kuzu_rec": Architecture(SimpleKuzuRecConfig, SimpleKuzuRec),
    "reader": Architecture(ReaderConfig, Reader, needs_context=True),
    "resnet50": Architecture(ResNet50Config, ResNet50),
    "vgg16_bn": Architecture(Vgg16BnConfig, Vgg16Bn),
}


def architecture(name: str) -> Architecture:
    """The registered model of a name.

    Raises:
        ConfigError: if there is none.
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise ConfigError(f"unknown model {name!r}: there are {', '.join(sorted(ARCHITECTURES))}") from None


def build_model(name: str, config: ModelConfig, class_count: int) -> nn.Module:
    """A fresh model: (N, 1, S, S) float32 -> logits (N, class_count).

    Raises:
        ConfigError: if the name is unknown, the configuration belongs to another model or is out of range, or there
            is no class.
    """
    chosen = architecture(name)
    if not isinstance(config, chosen.config_class):
        raise ConfigError(f"model {name} takes a {chosen.config_class.__name__}, got a {type(config).__name__}")
    if class_count < 1:
        raise ConfigError(f"model {name} needs at least one class, got {class_count}")
    return chosen.build(config, class_count)


def count_parameters(model: nn.Module) -> int:
    """How many trainable numbers a model has."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
