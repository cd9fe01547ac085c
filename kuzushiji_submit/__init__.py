"""Kuzushiji Recognition from page images to a scored, validated submission.

In a notebook:

```python
import kuzushiji_submit

page = kuzushiji_submit.read("page.jpg")
page                    # shows the scan with what was read on it
page.text               # columns from right to left, a line each
page.table()            # a row a character: box, codepoint, scores
page.save("page.xml")   # PAGE XML; .txt, .html (hOCR) and .json (COCO) too
```
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing the package stays light: what reads pages is loaded by the first page
    from pathlib import Path

    from kuzushiji_submit.notebook.read_page import ReadPage
    from kuzushiji_submit.notebook.to_pixels import PageInput
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig

try:
    __version__ = version("kuzushiji-submit")
except PackageNotFoundError:  # a plain checkout that was never installed, as inside a Kaggle kernel
    __version__ = "0+checkout"


def read(
    page: "PageInput",
    *,
    device: str = "auto",
    detector_weights: "Path | str | None" = None,
    recognizer_weights: "Path | str | None" = None,
    config: "PipelineConfig | None" = None,
) -> "ReadPage":
    """Reads one page.

    The first call loads the networks, which takes some seconds; they are kept for the calls after it.

    Args:
        page: the path of an image; a Pillow image; or an array uint8 (H, W, 3) RGB, (H, W, 4) RGBA or (H, W) gray.
        device: where the networks run: auto, cpu, cuda, cuda:1, ...
        detector_weights: a weights file, None for the project's own.
        recognizer_weights: a weights file, None for the project's own.
        config: settings of the way from a page to its characters, None for the defaults.

    Returns:
        the page with what was read on it, which a notebook shows.

    Raises:
        PageReadError: if the page is missing, no image, or an array of another kind.
        WeightsError, CompetitionFileError: if a weights file is missing, damaged or does not match.
        DeviceError: if the device cannot be used.
    """
    from kuzushiji_submit.notebook.read_one import read_one

    return read_one(page, device, detector_weights, recognizer_weights, config)
