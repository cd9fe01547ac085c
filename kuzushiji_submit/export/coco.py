"""COCO's JSON for boxes (cocodataset.org/#format-data): one file a page, whose categories are codepoints.

A category's id is its code point and an image's is its page's number, so that files are joined by joining their lists.
"""

import json
from datetime import datetime
from typing import Any

from kuzushiji_submit import __version__
from kuzushiji_submit.export.text_columns import ExportedPage, Glyph
from kuzushiji_submit.export.xml_text import decimals

# Annotations of page n are numbered from n times this: no page holds as many characters.
_IDS_A_PAGE = 100_000


def render_coco(page: ExportedPage, created: datetime) -> bytes:
    """A page as COCO annotations, in reading order.

    Args:
        page: the page.
        created: when it was read, with its time zone.
    """
    height, width = page.size_hw
    image = {"id": page.number, "file_name": page.image_name, "width": width, "height": height}
    content = {
        "info": {
            "description": f"kuzushiji_submit {__version__}",
            "date_created": created.isoformat(timespec="seconds"),
        },
        "images": [image],
        "annotations": [
            _annotation(glyph, page.number, page.number * _IDS_A_PAGE + place)
            for place, glyph in enumerate(page.glyphs)
        ],
        "categories": [
            {"id": code, "name": f"U+{code:04X}", "supercategory": "character", "character": chr(code)}
            for code in sorted({ord(glyph.text) for glyph in page.glyphs})
        ],
    }
    # ASCII: JSON may hold half a surrogate pair that way, which UTF-8 cannot.
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _annotation(glyph: Glyph, image: int, number: int) -> dict[str, Any]:
    x0, y0, x1, y1 = glyph.box
    return {
        "id": number,
        "image_id": image,
        "category_id": ord(glyph.text),
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
        "iscrowd": 0,
        "score": float(decimals(glyph.score)),
    }
