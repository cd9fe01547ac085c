"""A crop looked at several times: moved a little, larger and smaller, with thicker and thinner strokes.

```
              moved           larger, smaller     thicker, thinner
    は   ─▶   は  は  は  は      は   は             は   は            ─▶  the mean of all logits
```

The views are those that training draws by chance (`recognition.training.augment`), so the network knows them all.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from kuzushiji_submit.core.errors import ConfigError
from recognition.preprocess import PreprocessConfig, finish_inputs, model_inputs, to_unit
from recognition.views import after, sample_windows, thicken, window_matrices

MOST_SHIFT, MOST_THICKNESS = 0.25, 3.0


@dataclass(frozen=True)
class ViewsConfig:
    """How often each crop is looked at; the default is once, as it is, and every view more costs as much again.

    Attributes:
        shift: above 0, also moved by this fraction of the window to the left, right, top and bottom.
        scales: also at these sizes, where 1 is the size as it is and 1.1 shows the character a tenth larger.
        thickness: above 0, also with strokes thicker and thinner by so many pixels on either side.

    Raises:
        ConfigError: if a value is out of its range.
    """

    shift: float = 0.0
    scales: tuple[float, ...] = ()
    thickness: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.shift <= MOST_SHIFT and 0 <= self.thickness <= MOST_THICKNESS):
            raise ConfigError(
                f"views needs a shift in 0..{MOST_SHIFT} and a thickness in 0..{MOST_THICKNESS}, got {self.shift} and "
                f"{self.thickness}"
            )
        if not all(0.5 <= scale <= 2 for scale in self.scales):
            raise ConfigError(f"views needs scales in 0.5..2, got {self.scales}")


@dataclass(frozen=True)
class View:
    """One way to look at a crop.

    Attributes:
        right: how far the character is moved, as a fraction of the window.
        down: the same, downwards.
        scale: how much larger it is shown.
        thicker: by how many pixels its strokes grow on either side; below 0 they shrink.
    """

    right: float = 0.0
    down: float = 0.0
    scale: float = 1.0
    thicker: float = 0.0

    def inputs(self, pixels: Tensor, geometry: Tensor, config: PreprocessConfig) -> tuple[Tensor, ...]:
        """What a model is called with for this view: as `recognition.preprocess.model_inputs`."""
        if self == View():
            return model_inputs(pixels, geometry, config)
        ink, matrices = to_unit(pixels), self._matrices(geometry)
        if config.context:
            ink = sample_windows(ink, after(window_matrices(geometry, config.window), matrices), config.input_size)
        elif (self.right, self.down, self.scale) != (0, 0, 1):
            ink = sample_windows(ink, matrices, ink.shape[-1])
        amount = torch.full((len(ink), 1, 1, 1), self.thicker, device=ink.device)
        return finish_inputs(thicken(ink, amount, math.fabs(self.thicker)), geometry, config)

    def _matrices(self, geometry: Tensor) -> Tensor:
        """Matrices (N, 2, 3) from what is shown to the window as it is, both in [-1, 1]."""
        zoom = 1 / self.scale
        matrix = torch.tensor(
            [[zoom, 0.0, -2 * zoom * self.right], [0.0, zoom, -2 * zoom * self.down]], device=geometry.device
        )
        return matrix.expand(len(geometry), 2, 3)


def make_views(config: ViewsConfig) -> tuple[View, ...]:
    """The views that settings ask for, the crop as it is first; no view twice."""
    shift, thickness = config.shift, config.thickness
    moved = [View(right=shift), View(right=-shift), View(down=shift), View(down=-shift)] if shift else []
    sized = [View(scale=scale) for scale in config.scales]
    drawn = [View(thicker=thickness), View(thicker=-thickness)] if thickness else []
    return tuple(dict.fromkeys([View(), *moved, *sized, *drawn]))
