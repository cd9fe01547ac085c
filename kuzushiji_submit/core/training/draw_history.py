"""The curves of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from kuzushiji_submit.core.plotting import new_figure, save_figure

LOSSES = {"train/loss": "training", "val/loss": "validation"}
ERRORS = {
    "train/top1": "training",
    "val/top1": "validation",
    "val/macro": "validation, macro",
    "val/f1": "validation, 1 - F1",
}
"""The figures that are drawn, and what they are called; each stage has some of them."""


def draw_history(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """The curves of a run: loss to the left, error to the right, training and validation in each.

    Args:
        rows: one an epoch, as in history.csv; at least one.
        path: the PNG file to write.
    """
    figure = new_figure(10, 4)
    losses, errors = figure.subplots(1, 2)
    _draw(losses, rows, LOSSES, error=False)
    _draw(errors, rows, ERRORS, error=True)
    losses.set_ylabel("loss")
    errors.set_ylabel("error rate")
    save_figure(figure, path)


def _draw(axes: Axes, rows: Sequence[Mapping[str, float]], names: Mapping[str, str], *, error: bool) -> None:
    drawn: list[float] = []
    for name, label in names.items():
        points = [(row["epoch"] + 1, 1 - row[name] if error else row[name]) for row in rows if name in row]
        if points:
            epochs, values = zip(*points, strict=True)
            axes.plot(epochs, values, marker="o", label=label)
            drawn += values
    if drawn:
        axes.legend()
    if any(value > 0 for value in drawn):  # a run without an error has no logarithm
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, which="both", alpha=0.3)
