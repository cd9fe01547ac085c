"""The smallest recognizer that could be: a character is told by how much ink it has."""

from dataclasses import dataclass

from torch import Tensor, nn

from kuzushiji_submit.core.registry import register


@dataclass(frozen=True)
class InkMeanConfig:
    """Settings of `InkMean`.

    Attributes:
        bias: whether a class has a score of its own.
    """

    bias: bool = True


@register("recognizer", "ink_mean", InkMeanConfig)
class InkMean(nn.Module):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes)."""

    def __init__(self, config: InkMeanConfig, class_count: int) -> None:
        super().__init__()
        self.last = nn.Linear(1, class_count, bias=config.bias)

    def forward(self, crops: Tensor) -> Tensor:
        logits: Tensor = self.last(crops.mean(dim=(2, 3)))
        return logits
