"""ResNet-50 and VGG16 with batch normalization: torchvision's bodies under the seed's transfer head, as baselines."""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn
from torchvision.models import resnet50, vgg16_bn

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import register
from recognition.models.blocks import Head, StagedNet


@dataclass(frozen=True)
class BackboneConfig:
    """What lies above the body of a baseline; the defaults are those of the seed's ResNet-50 trial.

    Attributes:
        pooling: "avg", "max" or "concat" (both, twice the features).
        hidden: width of the layer between the pooled features and the classes; 0 for none.
        dropout: probability before the last linear layer; half of it before the hidden one.
    """

    pooling: str = "concat"
    hidden: int = 512
    dropout: float = 0.5


@dataclass(frozen=True)
class ResNet50Config(BackboneConfig):
    """A ResNet-50 (He et al. 2015) for crops of one channel; 27,676,030 parameters at the seed's 4,030 classes."""


@dataclass(frozen=True)
class Vgg16BnConfig(BackboneConfig):
    """A VGG16 with batch normalization (Simonyan and Zisserman 2014) for crops of one channel."""


@register("recognizer", "resnet50", ResNet50Config)
class ResNet50(StagedNet):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes); the maps are (N, 2048, S / 32, S / 32)."""

    def __init__(self, config: ResNet50Config, class_count: int) -> None:
        whole = resnet50(weights=None)
        whole.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(whole.conv1.weight, mode="fan_out", nonlinearity="relu")
        # The body keeps torchvision's names, so that its weights fit.
        body = OrderedDict((name, part) for name, part in whole.named_children() if name not in {"avgpool", "fc"})
        super().__init__(nn.Sequential(body), 2048, class_count, config.pooling, config.dropout)
        self.head = _transfer_head(2048 * self.pool.factor, config, class_count)


@register("recognizer", "vgg16_bn", Vgg16BnConfig)
class Vgg16Bn(StagedNet):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes); the maps are (N, 512, S / 32, S / 32)."""

    def __init__(self, config: Vgg16BnConfig, class_count: int) -> None:
        features = vgg16_bn(weights=None).features
        features[0] = nn.Conv2d(1, 64, kernel_size=3, padding=1)
        nn.init.kaiming_normal_(features[0].weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(features[0].bias)
        body = nn.Sequential(OrderedDict(features=features))
        super().__init__(body, 512, class_count, config.pooling, config.dropout)
        self.head = _transfer_head(512 * self.pool.factor, config, class_count)


def _transfer_head(features: int, config: BackboneConfig, class_count: int) -> nn.Sequential:
    """The head that the seed put on pretrained bodies: a hidden layer, and batch normalization before each linear."""
    if config.hidden < 0:
        raise ConfigError(f"hidden must be a width, or 0 for no hidden layer, got {config.hidden}")
    if not config.hidden:
        return Head(features, class_count, config.dropout)
    hidden = (
        nn.BatchNorm1d(features),
        nn.Dropout(config.dropout / 2),
        nn.Linear(features, config.hidden),
        nn.ReLU(inplace=True),
    )
    return nn.Sequential(*hidden, *Head(config.hidden, class_count, config.dropout))
