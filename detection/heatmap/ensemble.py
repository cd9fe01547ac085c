"""Several heatmap networks as one: their maps averaged."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Scores nearer to 0 or 1 than this have no finite logit.
LEAST_SCORE = 1e-6


class MeanOfMaps(nn.Module):
    """A network whose maps are the mean of several networks': of scores, and of distances where a score sees something.

    As over several scales of a page (`detection.heatmap.inference.MapReader.read_scales`): a network that sees no
    character at a cell has no say in how large that character is.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        """Takes networks over, each (N, 3, H, W) -> (N, 5, H / 4, W / 4), see `HeatmapNet`."""
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pages: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 5, H / 4, W / 4): the logit of the mean score, the logarithms of the mean distances."""
        maps = torch.stack([network(pages).float() for network in self.networks])  # (networks, N, 5, h, w)
        scores, sides = maps[:, :, :1].sigmoid(), maps[:, :, 1:].clamp(-4.0, 4.0).exp()
        weights = scores + LEAST_SCORE
        mean = (sides * weights).sum(dim=0) / weights.sum(dim=0)
        return torch.cat([scores.mean(dim=0).logit(eps=LEAST_SCORE), mean.log()], dim=1)
