"""The HTML that a notebook shows of a page: the scan, a box a character, and the text beside it."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.export.text_columns import ExportedPage
from kuzushiji_submit.report.templates import render_template

_LONGEST_SIDE = 1200  # of the scan shown, in pixels: some hundred kilobytes in the notebook's file


def render_page(page: ExportedPage, pixels: NDArray[np.uint8], caption: str) -> str:
    """A page as one piece of HTML that needs no other file and no script.

    Args:
        page: what was read.
        pixels: uint8 (H, W, 3), RGB.
        caption: what stands below.
    """
    content = {"page": page, "scan": _data_uri(pixels), "caption": caption}
    return render_template("read_page.html.jinja", content, Path(__file__).with_name("templates"))


def _data_uri(pixels: NDArray[np.uint8]) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
