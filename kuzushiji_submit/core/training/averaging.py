"""An average of the weights over the steps of a run."""

from collections.abc import Sequence

import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class WarmingAverage(WeightAveraging):
    """Lightning's exponential average, whose decay warms up; it is what is validated, saved and exported.

    After step n the average keeps min(decay, (1 + n) / (10 + n)) of itself: with a constant decay, as Lightning's own
    `EMAWeightAveraging` has it, the untrained weights would weigh on the average for thousands of steps. Parameters and
    running statistics are averaged, counters are copied. A checkpoint holds the average under "state_dict" and the
    weights that go on training beside it, so that a resumed run is the uninterrupted one to the last bit.
    """

    def __init__(self, decay: float) -> None:
        """Takes the decay that the average comes to, in (0, 1)."""

        def average(averaged: Sequence[Tensor], current: Sequence[Tensor], seen: Tensor | int) -> None:
            weight = 1 - min(decay, (1 + float(seen)) / (10 + float(seen)))
            with torch.no_grad():
                for mean, value in zip(averaged, current, strict=True):
                    if mean.is_floating_point():
                        mean.lerp_(value, weight)
                    else:
                        mean.copy_(value)

        super().__init__(multi_avg_fn=average)
