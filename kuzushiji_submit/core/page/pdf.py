"""Pages of PDF files, drawn by PDFium (package pypdfium2, which is an extra)."""

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import PageReadError

if TYPE_CHECKING:
    import pypdfium2

logger = logging.getLogger(__name__)

INSTALL = "pip install 'kuzushiji-submit[pdf]'"
POINTS = 72
"""A PDF's own unit is a 72nd of an inch."""
USUAL_DPI = 300
"""A page without a scan in it, such as one that was typeset, is drawn with this many dots an inch."""
LEAST_DPI, MOST_DPI = 72, 1200
SCAN_SHARE = 0.25
"""Images that together cover at least this part of a page are its scan; less are seals or signs."""
MOST_PIXELS = 50_000_000
"""Twice the competition's largest page: what a file says of its size in inches is often made up."""

# PDFium is not made for several threads at once.
_pdfium = threading.Lock()


def can_read() -> bool:
    """Whether the package that draws PDF pages is installed."""
    return find_spec("pypdfium2") is not None


def count_pages(path: Path) -> int:
    """How many pages a PDF file has; 0 where it cannot be opened, which reading it then explains."""
    try:
        with _opened(path) as document:
            return len(document)
    except PageReadError as error:
        logger.debug("%s: %s", path, error)
        return 0


def pdf_page_hw(path: Path, index: int) -> tuple[int, int]:
    """Height and width of a page in the pixels that `draw_page` gives, without drawing it.

    Raises:
        PageReadError: as `draw_page`.
    """
    with _opened(path) as document:
        page = _page(document, index)
        scale = _scale(page)
        width, height = page.get_size()
        return math.ceil(height * scale), math.ceil(width * scale)


def draw_page(path: Path, index: int, notes: list[str]) -> NDArray[np.uint8]:
    """Draws a page as finely as the scan in it: uint8 (H, W, 3) RGB, upright.

    Args:
        path: the file.
        index: which page, from 0.
        notes: gets a line on the resolution.

    Raises:
        PageReadError: if the package is not installed, the file is damaged or locked, or has no such page.
    """
    with _opened(path) as document:
        page = _page(document, index)
        scale = _scale(page)
        notes.append(f"drawn from a PDF file with {round(scale * POINTS)} dots an inch")
        bitmap = page.render(scale=scale, rev_byteorder=True)
        pixels = np.ascontiguousarray(bitmap.to_numpy()[..., :3])
        bitmap.close()
        return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)


@contextmanager
def _opened(path: Path) -> Iterator["pypdfium2.PdfDocument"]:
    if not can_read():
        raise PageReadError(f"a PDF file, which needs a further package: {INSTALL}")
    import pypdfium2

    with _pdfium:
        document = None
        try:
            document = pypdfium2.PdfDocument(path)
            yield document
        except pypdfium2.PdfiumError as error:
            locked = "password" in str(error).lower()
            what = "locked with a password: save it without" if locked else f"damaged ({error}): fetch the file again"
            raise PageReadError(f"a PDF file that is {what}") from None
        finally:
            if document is not None:
                document.close()


def _page(document: "pypdfium2.PdfDocument", index: int) -> "pypdfium2.PdfPage":
    if not 0 <= index < len(document):
        raise PageReadError(f"a PDF file without a page {index + 1}: fetch the file again")
    return document[index]


def _scale(page: "pypdfium2.PdfPage") -> float:
    """Pixels a point: those of the scan on a page, which may lie there in strips."""
    import pypdfium2.raw

    width, height = page.get_size()
    covered, largest, dpi, scanned = 0.0, 0.0, float(USUAL_DPI), float(USUAL_DPI)
    for image in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,)):
        left, bottom, right, top = image.get_bounds()
        across, down = right - left, top - bottom
        area = max(0.0, across) * max(0.0, down)
        covered += area
        if area > largest:
            # An image may be turned on its page: its longer side belongs to the longer side of its place.
            largest, scanned = area, POINTS * max(image.get_px_size()) / max(across, down)
    if covered >= SCAN_SHARE * width * height > 0:
        dpi = min(max(scanned, LEAST_DPI), MOST_DPI)
    return min(dpi / POINTS, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
