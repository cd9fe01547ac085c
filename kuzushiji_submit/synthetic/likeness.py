r"""How a page's ink looks, in figures: what real and synthetic pages are compared by.

Pages are brought to one character size first, because sharpness is a matter of pixels, and because networks see
characters at one size. Ink is what lies below the level halfway between a box's paper and its ink, in the red channel,
where red seals are as light as paper:

    paper ‾‾‾‾‾\      /‾‾‾ halo: a little darker than paper, just beside the stroke
    half  ------\----/---- border of the stroke, to a part of a pixel
    ink          \__/      opacity: how even this is
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np

from kuzushiji_submit.synthetic.types import Flags, FloatArray, Image, as_float32, as_uint8

SIZE = 48.0
MARGIN = 0.25
FINER = 3
MINIMUM_SIZE = 14.0
MINIMUM_CONTRAST = 25.0
PAPER_PERCENTILE, INK_PERCENTILE = 85.0, 4.0
HALO_NEAR, HALO_FAR, PAPER_FROM = 0.06, 0.11, 0.18
GRAIN_SIGMA = 3.0
DEVIATION_OF_MEDIAN = 1.4826


@dataclass(frozen=True)
class BoxLikeness:
    """Figures of the ink in one box, or the medians of a page; lengths are parts of the page's character size.

    Attributes:
        stroke: median stroke width.
        thin: a tenth of the strokes' middle lines are thinner than this.
        thick: a tenth of them are thicker than this.
        edge: pixels in which ink would turn to paper at the slope of the stroke's border.
        ink_share: part of the box that is ink.
        brightness: brightness of the ink against the paper's.
        unevenness: deviation of the ink along the strokes' middle, part of the contrast.
        halo: brightness of the paper just beside strokes against the paper farther off.
        grain: deviation of the paper's brightness between neighboring pixels, in gray levels.
        saturation: of the paper, 0 to 255.
        ink_saturation: of the ink, 0 to 255.
    """

    stroke: float
    thin: float
    thick: float
    edge: float
    ink_share: float
    brightness: float
    unevenness: float
    halo: float
    grain: float
    saturation: float
    ink_saturation: float


MEASURES = tuple(field.name for field in fields(BoxLikeness))


def measure_page(image: Image, boxes: FloatArray, size: float = SIZE) -> BoxLikeness | None:
    """Medians over the boxes of a page.

    Args:
        image: uint8 (H, W, 3) RGB.
        boxes: (N, 4) xyxy of characters in pixels of the image.
        size: the page is scaled so that its median character has this size (root of the box's area) in pixels; 0 leaves
            it as it is.

    Returns:
        The figures, or None if no box can be measured: too small, or without ink.
    """
    if not len(boxes):
        return None
    sizes = np.sqrt((boxes[:, 2] - boxes[:, 0]).clip(0) * (boxes[:, 3] - boxes[:, 1]).clip(0))
    nominal = float(np.median(sizes))
    if nominal < 1:
        return None
    if size:
        scale = size / nominal
        wanted = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        image, boxes, nominal = as_uint8(cv2.resize(image, wanted, interpolation=method)), boxes * scale, size
    measured = [_measure_box(image, box, nominal) for box in boxes]
    rows = [[getattr(box, name) for name in MEASURES] for box in measured if box is not None]
    if not rows:
        return None
    return BoxLikeness(*(float(value) for value in np.nanmedian(np.array(rows), axis=0)))


def _measure_box(image: Image, box: FloatArray, nominal: float) -> BoxLikeness | None:
    own = float(np.sqrt(max(box[2] - box[0], 0) * max(box[3] - box[1], 0)))
    margin = MARGIN * nominal
    x0, y0 = (max(int(value - margin), 0) for value in box[:2])
    x1, y1 = (int(value + margin) + 1 for value in box[2:])
    part = image[y0:y1, x0:x1]
    if own < MINIMUM_SIZE or min(part.shape[:2]) < MINIMUM_SIZE:
        return None
    inner = (slice(int(box[1]) - y0, int(box[3]) - y0 + 1), slice(int(box[0]) - x0, int(box[2]) - x0 + 1))
    red = as_float32(part[..., 0])
    paper = float(np.percentile(red, PAPER_PERCENTILE))
    dark = float(np.percentile(red[inner], INK_PERCENTILE))
    if paper - dark < MINIMUM_CONTRAST:
        return None
    level = (paper + dark) / 2
    widths, middle = _strokes(red, level)
    inside = np.zeros(middle.shape, bool)
    inside[inner[0].start * FINER : inner[0].stop * FINER, inner[1].start * FINER : inner[1].stop * FINER] = True
    chosen = widths[middle & inside]
    ink = red < level
    if chosen.size < 5 or not ink[inner].any():
        return None
    off = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5) / nominal
    saturation = as_float32(cv2.cvtColor(part, cv2.COLOR_RGB2HSV)[..., 1])
    thin, stroke, thick = (np.percentile(chosen, (10, 50, 90)) / nominal).tolist()
    deep = (widths >= 0.7 * stroke * nominal) & middle & inside
    tones = _finer(red)[deep]
    return BoxLikeness(
        stroke=stroke,
        thin=thin,
        thick=thick,
        edge=_edge(red, ink, paper - dark, inner),
        ink_share=float(ink[inner].mean()),
        brightness=_ratio(_gray(part), ink & (red < dark + 0.25 * (paper - dark)), off > PAPER_FROM),
        unevenness=float(tones.std() / (paper - dark)) if tones.size > 3 else np.nan,
        halo=_ratio(_gray(part), (off > HALO_NEAR) & (off < HALO_FAR), off > PAPER_FROM),
        grain=_grain(_gray(part), off > PAPER_FROM),
        saturation=_median(saturation, off > PAPER_FROM),
        ink_saturation=_median(saturation, red < dark + 0.25 * (paper - dark)),
    )


def _finer(plane: FloatArray) -> FloatArray:
    size = plane.shape[1] * FINER, plane.shape[0] * FINER
    return as_float32(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC))


def _strokes(red: FloatArray, level: float) -> tuple[FloatArray, Flags]:
    """Stroke width in pixels at every point, and where the strokes' middle lines lie, both `FINER` times as fine."""
    solid = (_finer(red) < level).astype(np.uint8)
    inside = as_float32(cv2.distanceTransform(solid, cv2.DIST_L2, 5))
    middle = (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-3) & (inside > 1.0)
    # The first pixel inside the border is half a pixel deep.
    return as_float32((2 * inside - 1) / FINER), middle


def _edge(red: FloatArray, ink: Flags, contrast: float, inner: tuple[slice, slice]) -> float:
    slope_x, slope_y = cv2.Sobel(red, cv2.CV_32F, 1, 0), cv2.Sobel(red, cv2.CV_32F, 0, 1)
    slope = np.hypot(slope_x, slope_y) / 8
    grown = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    shrunk = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    border = ((grown - shrunk) > 0)[inner]
    steep = slope[inner][border]
    return float(contrast / max(np.median(steep), 1e-3)) if steep.size else np.nan


def _gray(part: Image) -> FloatArray:
    return as_float32(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY))


def _median(plane: FloatArray, where: Flags) -> float:
    values = plane[where]
    return float(np.median(values)) if values.size else np.nan


def _ratio(gray: FloatArray, where: Flags, paper: Flags) -> float:
    return _median(gray, where) / max(_median(gray, paper), 1.0)


def _grain(gray: FloatArray, paper: Flags) -> float:
    detail = (gray - cv2.GaussianBlur(gray, (0, 0), GRAIN_SIGMA))[paper]
    return DEVIATION_OF_MEDIAN * float(np.median(np.abs(detail))) if detail.size else np.nan
