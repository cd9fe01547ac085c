"""The network of the learned score map: a feature pyramid (Lin et al. 2017, arXiv 1612.03144) of small convolutions."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kuzushiji_submit.core.registry import register

STRIDE = 4
"""Page pixels per map cell."""
UNIT = 32.0
"""The character size in network pixels that distances are measured in; pages are brought to about this size."""
COARSEST = 32
"""The network halves its input five times: sides must be multiples of this."""
_PRIOR = 0.05
"""About the share of a page that the map marks; the network starts from it (Lin et al. 2017, arXiv 1708.02002)."""


@dataclass(frozen=True)
class HeatmapNetConfig:
    """The shape of a `HeatmapNet`.

    Attributes:
        widths: channels at strides 2, 4, 8, 16 and 32.
        depths: convolutions at strides 4, 8, 16 and 32, the halving one included.
        pyramid: channels of the pyramid that the levels are brought to.

    Raises:
        ValueError: if there are not five widths and four depths, all at least 1.
    """

    widths: tuple[int, ...] = (16, 32, 64, 96, 128)
    depths: tuple[int, ...] = (2, 3, 3, 3)
    pyramid: int = 48

    def __post_init__(self) -> None:
        if len(self.widths) != 5 or len(self.depths) != 4 or min(*self.widths, *self.depths, self.pyramid) < 1:
            raise ValueError(f"a heatmap network needs 5 widths and 4 depths of 1 or more, got {self}")


class FeaturePyramid(nn.Module):
    """The body under the heads: features at strides 4, 8, 16 and 32, and a pyramid of them from the coarsest down.

    Its arrays have the same names in every network that stands on it, so that one can start from another's.
    """

    def __init__(self, config: HeatmapNetConfig) -> None:
        super().__init__()
        widths, pyramid = config.widths, config.pyramid
        self.stem = _conv(3, widths[0], stride=2)
        self.levels = nn.ModuleList(
            _level(before, width, depth)
            for before, width, depth in zip(widths[:-1], widths[1:], config.depths, strict=True)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for width in widths[1:])
        self.smooth = nn.ModuleList(_conv(pyramid, pyramid) for _ in widths[1:])

    def initialize(self) -> None:
        """Draws the kernels of all convolutions, those of the heads included."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def look(self, pages: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What is seen at every stride, finest first.

        Args:
            pages: float32 (N, 3, H, W), levelled RGB with paper at 0 and black at 1, H and W multiples of 32.

        Returns:
            Features (N, width, H / s, W / s) and pyramid (N, pyramid, H / s, W / s), for strides s of 4, 8, 16 and 32.
        """
        features = []
        x = self.stem(pages)  # (N, w0, H / 2, W / 2)
        for level in self.levels:
            x = level(x)
            features.append(x)
        pyramid = [self.smooth[-1](self.lateral[-1](features[-1]))]
        for place in range(len(features) - 2, -1, -1):
            raised = F.interpolate(pyramid[0], scale_factor=2.0, mode="nearest")
            pyramid.insert(0, self.smooth[place](raised + self.lateral[place](features[place])))
        return features, pyramid


@register("detector", "heatmap_fpn", HeatmapNetConfig)
class HeatmapNet(FeaturePyramid):
    """A page in, at every fourth pixel: is this the middle of a character, and how far are its sides.

    Input float32 (N, 3, H, W), levelled RGB with paper at 0 and black at 1, H and W multiples of 32. Output float32
    (N, 5, H / 4, W / 4): the logit of the shrunken-character map, then the logarithms of the distances to the left,
    top, right and bottom side of the character there, in units of 32 pixels (as Tian et al. 2019, FCOS, arXiv
    1904.01355).
    """

    __call__: Callable[..., Tensor]

    def __init__(self, config: HeatmapNetConfig | None = None) -> None:
        shape = config or HeatmapNetConfig()
        super().__init__(shape)
        self.config = shape
        pyramid = shape.pyramid
        self.head = nn.Sequential(_conv(pyramid, pyramid), nn.Conv2d(pyramid, 5, 1))
        self.initialize()
        last = self.head[-1]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            nn.init.normal_(last.weight, std=0.01)
            nn.init.constant_(last.bias, -0.7)  # half a unit to every side
            nn.init.constant_(last.bias[:1], float(torch.logit(torch.tensor(_PRIOR))))

    def forward(self, pages: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 5, H / 4, W / 4)."""
        out: Tensor = self.head(self.look(pages)[1][0])
        return out


def _conv(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    """A convolution beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        out: Tensor = x + self.conv(x)
        return out


def _level(before: int, width: int, depth: int) -> nn.Sequential:
    return nn.Sequential(_conv(before, width, stride=2), *(_Residual(width) for _ in range(depth - 1)))
