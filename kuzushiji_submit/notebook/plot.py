"""A page with its boxes as a matplotlib drawing."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from kuzushiji_submit.reading.page_reading import PageReading


def plot_page(pixels: NDArray[np.uint8], reading: PageReading, axes: Axes | None = None) -> Axes:
    """Draws a page, its boxes, the surer the greener, and the way of reading through their middles.

    Args:
        pixels: uint8 (H, W, 3), RGB.
        reading: what was read on it.
        axes: where to draw, None for a new figure.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(9, 9), layout="constrained")
    axes.imshow(pixels)
    x0, y0, x1, y1 = reading.boxes.T
    corners = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 4, 2)
    boxes = PolyCollection(list(corners), array=reading.scores, cmap="RdYlGn", clim=(0, 1), facecolors="none")
    boxes.set_facecolor("none")
    axes.add_collection(boxes, autolim=False)
    middles = (reading.boxes[:, :2] + reading.boxes[:, 2:])[reading.order] / 2
    axes.plot(*middles.T, linewidth=0.6, color="tab:blue", alpha=0.6)
    axes.set_axis_off()
    axes.set_title(f"{reading.image_id}: {len(reading)} characters")
    return axes
