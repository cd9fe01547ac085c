"""Where the text of a page may lie: inside the outermost frame lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.lines import Lines


@dataclass(frozen=True)
class TextAreaConfig:
    """Settings of `text_area`.

    Attributes:
        line_span: a line whose ends lie this part of the page apart bounds the text.
        side_ink: ink beside the outermost vertical line is dropped if it is at most this part of the page's ink: the
            center fold's title, the neighboring page.
        fold: the bounding line may lie this part of the page inside the outermost one (a page's edge, the outer line of
            two).
        end_ink: the same above the topmost and below the lowest horizontal line.
    """

    line_span: float = 0.4
    side_ink: float = 0.08
    end_ink: float = 0.05
    fold: float = 0.12


def text_area(ink: NDArray[np.uint8], lines: Lines, config: TextAreaConfig) -> tuple[int, int, int, int]:
    """Find the part of the page inside the frame.

    Args:
        ink: uint8 (h, w), ink without lines, at the size of the maps of `lines`.
        lines: the page's lines.
        config: settings.

    Returns:
        left, top, right, bottom in pixels of `ink`, right and bottom exclusive; the whole page where no frame is found.
    """
    height, width = ink.shape
    left, right = _bounds(ink.sum(axis=0, dtype=np.float64), lines.vertical, config, config.side_ink)
    top, bottom = _bounds(ink.sum(axis=1, dtype=np.float64), lines.horizontal.T, config, config.end_ink)
    return left, top, min(right, width), min(bottom, height)


def _bounds(
    profile: NDArray[np.float64], lines: NDArray[np.uint8], config: TextAreaConfig, most: float
) -> tuple[int, int]:
    """Where to begin and end along an axis: at the innermost long line near the outermost with little ink beyond it.

    Args:
        profile: float64 (n,), ink along the axis.
        lines: uint8 (m, n), lines across the axis.
        config: settings.
        most: largest part of the ink that may lie beyond.
    """
    n = len(profile)
    total = profile.sum()
    positions = _long_lines(lines, config.line_span)
    if total == 0 or len(positions) == 0:
        return 0, n
    share = np.concatenate([[0.0], np.cumsum(profile)]) / total
    before, after = share[positions], 1 - share[positions + 1]
    first = positions[(before <= most) & (positions <= positions[0] + config.fold * n)]
    last = positions[(after <= most) & (positions >= positions[-1] - config.fold * n)]
    return int(first[-1]) if len(first) else 0, int(last[0]) + 1 if len(last) else n


def _long_lines(lines: NDArray[np.uint8], span: float) -> NDArray[np.intp]:
    """Positions along the second axis where lines reach over `span` of the first, a slant of five positions allowed."""
    m = len(lines)
    inked = lines > 0
    first = np.where(inked.any(axis=0), inked.argmax(axis=0), m)
    last = np.where(inked.any(axis=0), m - 1 - inked[::-1].argmax(axis=0), -1)
    reach = 2
    window = np.lib.stride_tricks.sliding_window_view
    first_near = window(np.pad(first, reach, constant_values=m), 2 * reach + 1).min(axis=1)
    last_near = window(np.pad(last, reach, constant_values=-1), 2 * reach + 1).max(axis=1)
    return np.flatnonzero((last_near - first_near >= span * m) & inked.any(axis=0))
