"""The formats there are, by the names that the command line takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kuzushiji_submit.export.alto import render_alto
from kuzushiji_submit.export.coco import render_coco
from kuzushiji_submit.export.hocr import render_hocr
from kuzushiji_submit.export.page_xml import render_page_xml
from kuzushiji_submit.export.plain_text import render_text
from kuzushiji_submit.export.text_columns import ExportedPage


@dataclass(frozen=True)
class Format:
    """A format of one file a page.

    Attributes:
        name: what the command line and the folder call it.
        suffix: of its files.
        render: the file of a page that was read at a certain time.
    """

    name: str
    suffix: str
    render: Callable[[ExportedPage, datetime], bytes]


FORMATS = {
    kind.name: kind
    for kind in (
        Format("page", ".xml", render_page_xml),
        Format("alto", ".xml", render_alto),
        Format("hocr", ".html", render_hocr),
        Format("text", ".txt", render_text),
        Format("coco", ".json", render_coco),
    )
}
