"""Means over an epoch of figures that each batch has as a mean over some of its items."""

import math
from collections.abc import Iterable, Mapping
from typing import cast

from torch import Tensor, nn
from torchmetrics import SumMetric


class WeightedMeans(nn.Module):
    """Figures by name, each batch's counted by how many items it is a mean of, over all processes.

    Torchmetrics' own `MeanMetric` counts batches alike where it does not look for figures that are not numbers
    (`nan_strategy="disable"`, version 1.9), and looking for them would make a GPU wait at every step.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Takes the names of the figures."""
        super().__init__()
        self.names = tuple(names)
        self.sums = nn.ModuleDict({name: _sum() for name in self.names})
        self.items = nn.ModuleDict({name: _sum() for name in self.names})

    def reset(self) -> None:
        """Forgets everything."""
        for _, total, items in self._all():
            total.reset()
            items.reset()

    def update(self, figures: Mapping[str, Tensor], items: int) -> None:
        """Adds a batch.

        Args:
            figures: means of the batch, of some of the names or all; what they are of 0 items does not matter.
            items: how many items they are means of.
        """
        for name, total, counted in self._all():
            if name in figures:
                total.update(figures[name].detach() * items if items else 0)
                counted.update(items)

    def compute(self) -> dict[str, float]:
        """The means, over all processes, which must all call it; not a number for figures of no item."""
        return {name: _ratio(float(total.compute()), float(items.compute())) for name, total, items in self._all()}

    def _all(self) -> list[tuple[str, SumMetric, SumMetric]]:
        return [(name, cast("SumMetric", self.sums[name]), cast("SumMetric", self.items[name])) for name in self.names]


def _sum() -> SumMetric:
    return SumMetric(nan_strategy="disable")


def _ratio(total: float, items: float) -> float:
    return total / items if items else math.nan
