"""The marks of voiced kana, put beside forms that fonts hold without them."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.fonts import BaseGlyph

MARK_PART = 0.3


def with_mark(glyph: BaseGlyph, mark: str) -> BaseGlyph:
    """A glyph with a mark at its upper right.

        . . / /          ゛: two short strokes falling to the right          ゜: a small ring
        # # . .
        # # . .

    Args:
        glyph: a form without marks.
        mark: "゛" or "゜".
    """
    height, width = glyph.mask.shape
    unit = max(round(MARK_PART * float(np.sqrt(height * width))), 4)
    pen = max(round(glyph.stroke * 0.8), 1)
    canvas = np.zeros((height + unit // 2, width + unit // 2 + pen), np.uint8)
    canvas[unit // 2 :, :width] = glyph.mask
    left, top = canvas.shape[1] - unit, pen // 2 + 1
    if mark == "゛":
        for offset in (0, unit // 2):
            start = (left + offset, top + unit // 6)
            end = (left + offset + unit // 3, top + unit // 2)
            cv2.line(canvas, start, end, 255, pen, cv2.LINE_AA)
    else:
        radius = max(unit // 4, 2)
        center = (left + unit - radius - pen, top + radius + pen // 2)
        cv2.circle(canvas, center, radius, 255, max(pen // 2, 1), cv2.LINE_AA)
    return BaseGlyph(canvas, glyph.stroke)
