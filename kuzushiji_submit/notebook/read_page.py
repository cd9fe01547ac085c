"""A page with what was read on it, as a notebook shows it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.export.formats import FORMATS
from kuzushiji_submit.export.text_columns import ExportedPage, lay_out_reading
from kuzushiji_submit.notebook.render import render_page
from kuzushiji_submit.reading.page_reading import PageReading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FORMATS = {".xml": "page", ".html": "hocr", ".txt": "text", ".json": "coco"}


@dataclass(frozen=True, eq=False, repr=False)
class ReadPage:
    """One page, read.

    Attributes:
        name: the image's file name.
        pixels: uint8 (H, W, 3), RGB.
        reading: the record of arrays: N boxes, points, scores, readings, reading order.
    """

    name: str
    pixels: NDArray[np.uint8]
    reading: PageReading

    def __len__(self) -> int:
        return len(self.reading)

    def __repr__(self) -> str:
        height, width = self.reading.size_hw
        return f"ReadPage({self.name!r}, {width} x {height} pixels, {len(self)} characters)"

    @cached_property
    def layout(self) -> ExportedPage:
        """The characters in columns, in reading order."""
        return lay_out_reading(self.reading, self.name, 1)

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Where the characters are, float32 (N, 4) xyxy in page pixels."""
        return self.reading.boxes

    @property
    def codepoints(self) -> tuple[str, ...]:
        """What they are, N of "U+306F"."""
        return self.reading.codepoints

    @property
    def text(self) -> str:
        """A line a column in reading order; ruby behind its column in （ ）."""
        return FORMATS["text"].render(self.layout, datetime.now(UTC)).decode()

    def table(self) -> "pd.DataFrame":
        """A row a character in reading order: character, codepoint, x0, y0, x1, y1, score, detection_score."""
        import pandas as pd

        reading, order = self.reading, self.reading.order
        corners = dict(zip(("x0", "y0", "x1", "y1"), reading.boxes[order].T, strict=True))
        codepoints = [reading.codepoints[place] for place in order.tolist()]
        return pd.DataFrame(
            {
                "character": pd.Series(map(to_character, codepoints), dtype="object"),
                "codepoint": pd.Series(codepoints, dtype="object"),
                **corners,
                "score": reading.scores[order],
                "detection_score": reading.detection_scores[order],
            }
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draws the page, its boxes, the surer the greener, and the way of reading through them.

        Characters are not drawn: the fonts that matplotlib brings have none of them. A notebook shows them where the
        page itself is the last value of a cell.

        Args:
            axes: where to draw, None for a new figure.
        """
        from kuzushiji_submit.notebook.plot import plot_page

        return plot_page(self.pixels, self.reading, axes)

    def save(self, path: Path | str, kind: str | None = None) -> Path:
        """Writes the page in a format of libraries.

        Args:
            path: the file.
            kind: page, alto, hocr, text or coco; None to go by the suffix: .xml is PAGE XML, .html hOCR, .txt text,
                .json COCO.

        Returns:
            the path.

        Raises:
            OutputError: if the format is unknown, or the file cannot be written.
        """
        path = Path(path)
        name = kind or _FORMATS.get(path.suffix.lower(), "")
        if name not in FORMATS:
            raise OutputError(
                f"{path}: in which format? give a name ending in {', '.join(_FORMATS)}, or kind: {', '.join(FORMATS)}"
            )
        atomic_bytes(path, FORMATS[name].render(self.layout, datetime.now(UTC)))
        return path

    def _repr_html_(self) -> str:
        """What Jupyter shows."""
        return render_page(self.layout, self.pixels, repr(self))
