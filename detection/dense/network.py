"""The dense reader's network: classes read off a feature pyramid at given boxes, and nowhere else.

    levelled page ─ feature pyramid, as the score map's
                     strides 4, 8, 16, 32
       at each box:    ┌ · · · ┐  3 x 3 places, a third of the box apart: features at strides 4 and 8, pyramid at 4
                       │ · + · │  its middle: features at strides 16 and 32, pyramid at 8 and 16
                       └ · · · ┘  logarithms of its width and height
                     ─▶ hidden ─▶ embedding ─▶ classes

Reading classes at the middles of characters in one pass over a page is how CenterNet does it (Zhou et al. 2019, arXiv
1904.07850) and how KuroNet reads kuzushiji (Clanuwat et al. 2019, arXiv 1910.09433), without their map of classes: a
softmax over thousands of classes is only taken where a character is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from detection.heatmap.network import UNIT, FeaturePyramid, HeatmapNetConfig
from kuzushiji_submit.core.registry import register

KIND = "dense_reader"
PLACES = 3
"""Places that are looked at along each side of a box."""


@dataclass(frozen=True)
class DenseReaderConfig:
    """The shape of a `DenseReader`.

    Attributes:
        body: the feature pyramid; a detector's of the same shape can lend its weights.
        hidden: numbers between what is seen at a box and its embedding.
        embedding: numbers that the classes are told by.
        dropout: part of the embedding that is left out in training.

    Raises:
        ValueError: if a value is out of its range.
    """

    body: HeatmapNetConfig = field(default_factory=HeatmapNetConfig)
    hidden: int = 512
    embedding: int = 256
    dropout: float = 0.15

    def __post_init__(self) -> None:
        if min(self.hidden, self.embedding) < 1 or not 0 <= self.dropout < 1:
            raise ValueError(f"a dense reader needs sizes of 1 or more and a dropout in [0, 1), got {self}")


@register(KIND, "dense_fpn", DenseReaderConfig)
class DenseReader(FeaturePyramid):
    """Pages and boxes in, logits of every character out."""

    __call__: Callable[..., Tensor]

    def __init__(self, config: DenseReaderConfig, class_count: int) -> None:
        super().__init__(config.body)
        self.config = config
        widths, pyramid = config.body.widths, config.body.pyramid
        around, middle = widths[1] + widths[2] + pyramid, widths[3] + widths[4] + 2 * pyramid
        length = PLACES**2 * around + middle + 2
        self.embed = nn.Sequential(
            nn.BatchNorm1d(length),
            nn.Linear(length, config.hidden),
            nn.BatchNorm1d(config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.embedding),
            nn.BatchNorm1d(config.embedding),
            nn.Dropout(config.dropout),
        )
        self.classifier = nn.Linear(config.embedding, class_count)
        self.initialize()

    def forward(self, pages: Tensor, boxes: Tensor, present: Tensor) -> Tensor:
        """Reads the characters of several pages of one size.

        Args:
            pages: float32 (N, 3, H, W), as `FeaturePyramid.look` takes them.
            boxes: float32 (N, P, 4), xyxy in pixels of the pages; of some pages fewer than P.
            present: bool (N, P), which of them there are.

        Returns:
            Logits (M, classes) of the M boxes that there are, page by page.
        """
        features, pyramid = self.look(pages)
        corner = torch.tensor([pages.shape[3], pages.shape[2]], dtype=torch.float32, device=pages.device)
        middles, sides = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
        steps = (torch.arange(PLACES, device=pages.device) - (PLACES - 1) / 2) / PLACES
        offsets = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).view(1, 1, -1, 2)
        at_places = 2 * (middles[:, :, None] + offsets * sides[:, :, None]) / corner - 1  # (N, P, 9, 2)
        at_middle = 2 * middles[:, :, None] / corner - 1  # (N, P, 1, 2)
        seen = [
            *_sample([features[0], features[1], pyramid[0]], at_places, present),
            *_sample([features[2], features[3], pyramid[1], pyramid[2]], at_middle, present),
            (sides.clamp(min=1) / UNIT).log()[present],
        ]
        logits: Tensor = self.classifier(self.embed(torch.cat(seen, dim=1)))
        return logits


def _sample(maps: Sequence[Tensor], places: Tensor, present: Tensor) -> list[Tensor]:
    """What maps (N, C, h, w) say at places (N, P, k, 2) in -1..1, (M, C * k) each."""
    sampled = (F.grid_sample(each.float(), places, align_corners=False) for each in maps)  # (N, C, P, k)
    return [each.permute(0, 2, 1, 3).flatten(2)[present] for each in sampled]
