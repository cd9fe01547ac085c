"""Pictures of a data folder: class frequencies, pages with boxes, a character step by step."""

import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kuzushiji_submit.core.plotting import new_figure
from recognition.crops import CropConfig, crop_boxes
from recognition.preprocess import binarize, block_size, to_unit

BOX_COLOR = (0, 158, 96)  # green, RGB
PANEL = 112  # pixels of one step's picture
_GAP = 6
SEED_THRESHOLD = 2.0  # the seed's constant C, gray levels


def draw_frequencies(counts: NDArray[np.int64], draws: Mapping[str, NDArray[np.float64]]) -> bytes:
    """Class frequencies before and after balancing as PNG: by rank to the left, as histograms to the right.

    Args:
        counts: int64 (C,), how often each class is annotated; at least one class.
        draws: how often each class is drawn in an epoch, float64 (C,), by the name of the balance.
    """
    figure = new_figure(11, 4.2)
    ranks, histogram = figure.subplots(1, 2)
    series = {"as annotated": counts.astype(np.float64), **draws}
    highest = max(float(values.max()) for values in series.values())
    edges = np.logspace(0, np.log10(max(highest, 10) * 1.1), 40)
    for name, values in series.items():
        ranks.plot(np.arange(1, len(values) + 1), np.sort(values)[::-1], label=name)
        histogram.hist(np.maximum(values, 1), bins=edges.tolist(), histtype="step", label=name)
    ranks.set_xscale("log")
    ranks.set_yscale("log")
    ranks.set_xlabel("class, by rank")
    ranks.set_ylabel("characters, or draws an epoch")
    histogram.set_xscale("log")
    histogram.set_yscale("log")
    histogram.set_xlabel("characters, or draws an epoch")
    histogram.set_ylabel("classes")
    for axes in (ranks, histogram):
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    return _encode(figure)


def draw_sizes(per_page: NDArray[np.int64], sides: NDArray[np.float32]) -> bytes:
    """Characters a page to the left, widths and heights of boxes to the right, as PNG."""
    figure = new_figure(11, 3.4)
    pages, boxes = figure.subplots(1, 2)
    pages.hist(per_page, bins=40)
    pages.set_xlabel("characters")
    pages.set_ylabel("pages")
    limit = float(np.quantile(sides, 0.995)) if len(sides) else 1.0
    for column, name in enumerate(("width", "height")):
        boxes.hist(sides[:, column], bins=np.linspace(0, limit, 60).tolist(), histtype="step", label=name)
    boxes.set_xlabel("page pixels")
    boxes.set_ylabel("boxes")
    boxes.legend()
    return _encode(figure)


def draw_boxes(page: NDArray[np.uint8], boxes: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """A page brought to a size, its boxes drawn after that, so that their lines stay to be seen.

    Args:
        page: uint8 (H, W, 3) RGB.
        boxes: float32 (N, 4), xyxy in page pixels.
        size_hw: height and width of the result; where they squeeze the page, they squeeze the boxes alike.

    Returns:
        uint8 (h, w, 3) RGB.
    """
    height, width = size_hw
    shown = np.ascontiguousarray(cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    scale = np.array([width / page.shape[1], height / page.shape[0]] * 2)
    for x0, y0, x1, y1 in (boxes * scale).round().astype(int).tolist():
        cv2.rectangle(shown, (x0, y0), (x1, y1), BOX_COLOR, 2 if height > 600 else 1)
    return shown


def draw_steps(
    page: NDArray[np.uint8], ink: NDArray[np.uint8], box: NDArray[np.float32], sizes: Sequence[int] = (32, 64)
) -> list[tuple[str, NDArray[np.uint8]]]:
    """One character on its way into a network: as (name, uint8 (PANEL, PANEL, 3) RGB).

    Args:
        page: uint8 (H, W, 3) RGB.
        ink: uint8 (H, W), its ink map.
        box: float32 (4,), xyxy in page pixels, on the page.
        sizes: of the crops that are binarized.
    """
    x0, y0 = np.floor(np.maximum(box[:2], 0)).astype(int)
    x1, y1 = np.ceil(box[2:]).astype(int)
    color = page[y0:y1, x0:x1]
    gray = np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), np.uint8)
    steps = [("color", _panel(color)), ("gray", _panel(gray)), ("ink", _panel(255 - ink[y0:y1, x0:x1]))]
    for size in sizes:
        for resize in ("squish", "fit"):
            crop = crop_boxes(ink, box[None], CropConfig(size=size, margin=0.0, resize=resize)).pixels
            steps.append((f"{resize} {size}", _panel(255 - crop[0])))
            if resize == "squish":
                steps += [(f"{name} {size}", panel) for name, panel in _binarized(crop)]
    return steps


def join(panels: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures of equal height side by side with a white gap: uint8 (h, w, 3)."""
    gap = np.full((panels[0].shape[0], _GAP, 3), 255, np.uint8)
    parts = [part for panel in panels for part in (gap, panel)][1:]
    return np.concatenate(parts, axis=1)


def _binarized(crop: NDArray[np.uint8]) -> list[tuple[str, NDArray[np.uint8]]]:
    """A crop uint8 (1, S, S) under both of the seed's block rules."""
    unit = to_unit(torch.from_numpy(crop))
    found = []
    for rule, name in (("height", "binary, whole"), ("two-thirds", "binary, 2/3")):
        binary = binarize(unit, block_size(crop.shape[1], rule), SEED_THRESHOLD)[0, 0].numpy()
        found.append((name, _panel((255 * (1 - binary)).astype(np.uint8))))
    return found


def _panel(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray or RGB of any size, fitted into a white square; small pictures keep their pixels to be seen."""
    colored = image if image.ndim == 3 else np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    height, width = colored.shape[:2]
    scale = PANEL / max(height, width)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    fitted = cv2.resize(colored, size_wh, interpolation=how)
    panel = np.full((PANEL, PANEL, 3), 255, np.uint8)
    top, left = (PANEL - size_wh[1]) // 2, (PANEL - size_wh[0]) // 2
    panel[top : top + size_wh[1], left : left + size_wh[0]] = fitted
    return panel


def _encode(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
