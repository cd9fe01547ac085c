"""Figures drawn without a screen."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
