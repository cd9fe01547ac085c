"""The confusion matrix of few classes as a picture, and encoding pictures."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.core.plotting import new_figure


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 (H, W, 3) RGB as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def draw_matrix(counts: NDArray[np.int64], labels: Sequence[str]) -> bytes:
    """A confusion matrix as PNG: a row a true class, its shades shares of the row, numbers where they fit.

    Args:
        counts: int64 (n, n), rows truth, columns reading; n at least 1.
        labels: n codepoints.
    """
    size = len(labels)
    figure = new_figure(2.5 + 0.34 * size, 2 + 0.34 * size)
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(size), labels, rotation=90, fontsize=7)
    axes.set_yticks(range(size), labels, fontsize=7)
    axes.set_xlabel("read")
    axes.set_ylabel("truth")
    for row, column in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=5.5, color=color)
    figure.colorbar(shown, ax=axes, label="share of the row", shrink=0.7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
