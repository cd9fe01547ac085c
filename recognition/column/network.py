"""The column model's network: it reads the candidates of a column's places, from above and from below.

    place      0        1        2        3
    eye      か .6     し .9     く .5     て .8    candidates and their scores, from the readers of crops
             の .3     と .1     ん .4     に .1
               │        │        │        │        mean of their vectors, and how sure the eye is
    above      ╰───────▶╰───────▶│◀───────╯        each place hears those before it ...
    below                        ▲                 ... and those behind it, and never itself
                              context ─▶ support   a logarithm for every candidate of the place

Since no place hears itself, every place of every text teaches what stands between its neighbors, as in ELMo (Peters et
al. 2018, arXiv 1802.05365), and none has to be masked as in BERT.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kuzushiji_submit.core.registry import register

KIND = "column"
NEAR = 4
"""Neighbors on either side that are heard each by itself, before attention."""
_FEED_FORWARD = 4  # times the width, as Vaswani et al. 2017 have it
_SURENESS = 3


@dataclass(frozen=True)
class ColumnNetworkConfig:
    """The shape of a `ColumnNetwork`.

    Attributes:
        width: numbers of a class's vector, and of all that is computed.
        layers: of attention, in each direction.
        heads: of each layer; they share the width.
        window: places that are read together.
        candidates: of each place that are heard.
        dropout: part of the numbers between layers that is left out in training.
        place_dropout: part of the places that is not heard in training.

    Raises:
        ValueError: if a value is out of its range.
    """

    width: int = 128
    layers: int = 2
    heads: int = 4
    window: int = 64
    candidates: int = 12
    dropout: float = 0.0
    place_dropout: float = 0.07

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.heads, self.window) < 1 or self.candidates < 2:
            raise ValueError(f"a column model needs sizes of 1 or more and 2 candidates or more, got {self}")
        if self.width % self.heads:
            raise ValueError(f"a column model's heads share its width: {self.width} is no multiple of {self.heads}")
        if not (0 <= self.dropout < 1 and 0 <= self.place_dropout < 1):
            raise ValueError(f"a column model needs dropouts in [0, 1), got {self}")


@register(KIND, "column_transformer", ColumnNetworkConfig)
class ColumnNetwork(nn.Module):
    """Candidates of the places of a column in, what speaks for each candidate out."""

    __call__: Callable[..., Tensor]

    def __init__(self, config: ColumnNetworkConfig, class_count: int) -> None:
        """A fresh network.

        Args:
            config: its shape.
            class_count: characters that it tells apart.
        """
        super().__init__()
        self.config, self.class_count = config, class_count
        width = config.width
        self.vectors = nn.Embedding(class_count, width)
        self.sureness = nn.Linear(_SURENESS, width)
        self.above, self.below = Tower(config), Tower(config)
        self.join = nn.Sequential(
            nn.Linear(2 * width, 2 * width), nn.GELU(), nn.Linear(2 * width, width), nn.LayerNorm(width)
        )
        self.bias = nn.Parameter(torch.zeros(class_count))
        self.eye_bias = nn.Parameter(torch.zeros(class_count))
        self.scale = nn.Parameter(torch.tensor(0.7))

    def forward(self, ids: Tensor, logs: Tensor) -> Tensor:
        """What the neighbors of each place say.

        Args:
            ids: int64 (B, T, K), candidates of T places in reading order, best first; -1 for a character without a
                class here. T is at most the window, K at least 1.
            logs: float32 (B, T, K), logarithms of their scores; what all of a place have in common does not matter.

        Returns:
            The context (B, T, width), for `support`.
        """
        places = self._hear(ids, logs)
        if self.training:
            heard = torch.rand(places.shape[:2], device=places.device) >= self.config.place_dropout
            places = places * heard[..., None]
        above, below = self.above(places), self.below(places.flip(1)).flip(1)
        context: Tensor = self.join(torch.cat([above, below], dim=-1))
        return context

    def text_logits(self, context: Tensor, ids: Tensor) -> Tensor:
        """The logits of classes by what stands around alone, in 32 bits.

        Args:
            context: (..., width).
            ids: int64 (..., K), -1 for none.

        Returns:
            float32 (..., K), before a softmax over the classes; 0 where there is no class.
        """
        known = ids.clamp(min=0)
        with torch.autocast(context.device.type, enabled=False):
            alike = (self.vectors(known) @ context.float()[..., None])[..., 0] / math.sqrt(self.config.width)
            logits: Tensor = (alike + self.bias[known]) * (ids >= 0)
        return logits

    def class_logits(self, context: Tensor, classes: Tensor) -> Tensor:
        """As `text_logits`, of the same classes for every context, in as many bits as the rest.

        Args:
            context: (N, width).
            classes: int64 (M,).

        Returns:
            (N, M).
        """
        return F.linear(context, self.vectors.weight[classes]) / math.sqrt(self.config.width) + self.bias[classes]

    def support(self, context: Tensor, ids: Tensor) -> Tensor:
        """What speaks for each candidate: to be added to the logarithms of the eye's scores.

        Args:
            context: (..., width), as `forward` gives it.
            ids: int64 (..., K), -1 for a character without a class here, which nothing speaks for or against.

        Returns:
            float32 (..., K), logarithms.
        """
        # The eye knows how often a class occurs, too: its bias takes back what both of them say.
        support: Tensor = (self.scale * self.text_logits(context, ids) + self.eye_bias[ids.clamp(min=0)]) * (ids >= 0)
        return support

    def _hear(self, ids: Tensor, logs: Tensor) -> Tensor:
        """Places float32 (B, T, width): the mean of their candidates' vectors, and how sure the eye is."""
        scores = logs.float().softmax(dim=-1)
        heard = scores * (ids >= 0)
        mean = F.embedding_bag(
            ids.clamp(min=0).flatten(0, 1),
            self.vectors.weight,
            per_sample_weights=heard.flatten(0, 1),
            mode="sum",
        ).view(*ids.shape[:2], -1)
        entropy = -torch.xlogy(scores, scores.clamp(min=1e-9)).sum(dim=-1, keepdim=True)
        second = scores[..., 1:2] if ids.shape[-1] > 1 else torch.zeros_like(entropy)
        places: Tensor = mean + self.sureness(torch.cat([scores[..., :1], entropy, second], dim=-1))
        return places


class Tower(nn.Module):
    """What the places before each place say of it; the place itself is not heard.

    ```
    place t:  neighbors t-4 .. t-1 ─ one vector ─ attention to those of places 0 .. t ─▶ what is said at t
    ```
    """

    __call__: Callable[..., Tensor]

    def __init__(self, config: ColumnNetworkConfig) -> None:
        super().__init__()
        width, window = config.width, config.window
        self.norm = nn.LayerNorm(width)
        self.edge = nn.Parameter(torch.randn(NEAR, width) * 0.1)  # stands before the first place
        self.near = nn.Linear(NEAR * width, width)
        self.position = nn.Parameter(torch.randn(window, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, _FEED_FORWARD * width, config.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.attention = nn.TransformerEncoder(layer, config.layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, places: Tensor) -> Tensor:
        """Places (B, T, width) in, (B, T, width) out: at t what places 0 .. t-1 say."""
        batch, count, _ = places.shape
        heard = torch.cat([self.edge.to(places.dtype).expand(batch, -1, -1), self.norm(places)], dim=1)
        near = torch.cat([heard[:, step : step + count] for step in range(NEAR)], dim=-1)
        seen = self.near(near) + self.position[:count]
        # Made anew each time: an average of weights takes buffers along, and has no use for infinite ones.
        later = nn.Transformer.generate_square_subsequent_mask(count, seen.device, seen.dtype)
        said: Tensor = self.attention(seen, mask=later, is_causal=True)
        return said
