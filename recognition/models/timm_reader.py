"""A convolutional body of the timm library under the reader's head: another kind of member for an ensemble."""

from dataclasses import dataclass

import torch
from torch import nn

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.presets import did_you_mean
from kuzushiji_submit.core.registry import register
from recognition.models.reader import ContextNetwork, check_head

TRIAL = 64
"""Side of the crop that a new body is tried with, in pixels."""


@dataclass(frozen=True)
class TimmReaderConfig:
    """Which body, and the head above it.

    Attributes:
        body: a name of timm's whose network gives maps, such as resnet34, resnet50d, convnext_tiny or regnety_008.
        embedding: length of the vector that a crop becomes before the last layer.
        dropout: probability before the last layer.
        scale: as the reader's.
    """

    body: str = "resnet34"
    embedding: int = 512
    dropout: float = 0.3
    scale: float = 0.0

    def __post_init__(self) -> None:
        check_head(self)


@register("recognizer", "timm", TimmReaderConfig)
class TimmReader(ContextNetwork):
    """Ink and marked box are the body's two channels; the shape of the box enters in the head, as in `Reader`.

    ```
    crop (2, S, S) ─ timm's body ─ maps (F, S / 32, S / 32) ─ mean and maximum ─┬─ embedding ─ logits
                                                            shape of the box ─┘
    ```

    The body is built with fresh weights; `pretrained` of a training run names a file of published ones.
    """

    def __init__(self, config: TimmReaderConfig, class_count: int) -> None:
        super().__init__()
        self.stem = nn.Identity()
        self.stages = _body(config.body)
        self.make_head(_maps(self.stages, config.body), config, class_count)


def _body(name: str) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ConfigError(f"the body {name} is one of timm's, which is not installed: pip install timm") from error
    if not timm.is_model(name):
        raise ConfigError(f"unknown body {name!r}: {did_you_mean(name, timm.list_models())}timm.list_models() has all")
    body: nn.Module = timm.create_model(name, pretrained=False, in_chans=2, num_classes=0, global_pool="")
    return body


def _maps(body: nn.Module, name: str) -> int:
    """How many maps a body gives for a crop.

    Raises:
        ConfigError: if it gives tokens, or maps with the channels last.
    """
    training = body.training
    try:
        with torch.inference_mode():
            maps = body.eval()(torch.zeros(1, 2, TRIAL, TRIAL))
    except (AssertionError, RuntimeError) as error:  # made for images of one size
        raise ConfigError(f"body {name} cannot read crops of {TRIAL} pixels: choose a convolutional one") from error
    finally:
        body.train(training)
    channels = int(getattr(body, "num_features", 0))
    if maps.ndim != 4 or maps.shape[1] != channels:
        raise ConfigError(f"body {name} gives no maps, but {tuple(maps.shape)}: choose a convolutional one")
    return channels
