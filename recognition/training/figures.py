"""Pictures of a run's figures, drawn without a screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kuzushiji_submit.core.files import replacing


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG; a reader sees the whole picture or none."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")


def draw_history(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """The curves of a run: loss to the left, error to the right, training and validation in each.

    Args:
        rows: one an epoch, as in history.csv; at least one.
        path: the PNG file to write.
    """
    figure = new_figure(10, 4)
    losses, errors = figure.subplots(1, 2)
    _draw(losses, rows, {"train/loss": "training", "val/loss": "validation"}, error=False)
    names = {"train/top1": "training", "val/top1": "validation", "val/macro": "validation, macro"}
    _draw(errors, rows, names, error=True)
    losses.set_ylabel("loss")
    errors.set_ylabel("error rate")
    save_figure(figure, path)


def _draw(axes: Axes, rows: Sequence[Mapping[str, float]], names: Mapping[str, str], *, error: bool) -> None:
    for name, label in names.items():
        points = [(row["epoch"] + 1, row[name]) for row in rows if name in row]
        if points:
            epochs, values = zip(*points, strict=True)
            axes.plot(epochs, [1 - value for value in values] if error else values, marker="o", label=label)
    axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
