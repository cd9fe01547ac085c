"""Room for a picture among the boxes of a page."""

import numpy as np

from kuzushiji_submit.synthetic.types import FloatArray

GRID = 48


def free_rectangle(
    boxes: FloatArray, area: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    """The largest upright rectangle of an area that no box touches, on a coarse grid.

    Args:
        boxes: (N, 4) xyxy in pixels.
        area: x0, y0, x1, y1 in pixels.

    Returns:
        x0, y0, x1, y1, or None where the area has no extent or no free cell.
    """
    left, top, right, bottom = area
    if right - left < GRID or bottom - top < GRID:
        return None
    cell_w, cell_h = (right - left) / GRID, (bottom - top) / GRID
    taken = np.zeros((GRID, GRID), bool)
    for x0, y0, x1, y1 in boxes.tolist():
        rows = slice(max(int((y0 - top) / cell_h), 0), max(int(np.ceil((y1 - top) / cell_h)), 0))
        columns = slice(max(int((x0 - left) / cell_w), 0), max(int(np.ceil((x1 - left) / cell_w)), 0))
        taken[rows, columns] = True
    best = _largest_rectangle(taken)
    if best is None:
        return None
    row0, column0, row1, column1 = best
    return left + column0 * cell_w, top + row0 * cell_h, left + column1 * cell_w, top + row1 * cell_h


def _largest_rectangle(taken: np.ndarray) -> tuple[int, int, int, int] | None:
    best, best_area = None, 0
    depth = np.zeros(taken.shape[1], int)
    for row in range(taken.shape[0]):
        depth = np.where(taken[row], 0, depth + 1)
        for start in range(len(depth)):
            shallow = np.minimum.accumulate(depth[start:])
            areas = shallow * np.arange(1, len(shallow) + 1)
            width = int(areas.argmax())
            if areas[width] > best_area:
                best_area = int(areas[width])
                best = (row + 1 - int(shallow[width]), start, row + 1, start + width + 1)
    return best
