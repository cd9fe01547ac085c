"""Which character is read for which, how often, and where to see it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.model import Kind, PagePlan

MAXIMUM = 60  # confusions listed
EXAMPLES = 8  # crops shown for each


@dataclass(frozen=True)
class Example:
    """One place where a confusion happened.

    Attributes:
        page_name: the page's safe file name.
        image_id: the page's id.
        anchor: the mark's id within the page.
        crop_name: file name of the crop, without suffix.
        box: xyxy of the annotated box, page pixels.
    """

    page_name: str
    image_id: str
    anchor: str
    crop_name: str
    box: Box


@dataclass(frozen=True)
class Confusion:
    """A character that was read as another one.

    Attributes:
        truth: the annotated codepoint.
        read: the label read instead.
        count: how often on all pages.
        annotated: how often the truth has this codepoint on all pages.
        examples: at most EXAMPLES places.
    """

    truth: str
    read: str
    count: int
    annotated: int
    examples: tuple[Example, ...]


def find_confusions(pages: Sequence[PagePlan], most: int = MAXIMUM) -> tuple[list[Confusion], int]:
    """The commonest confusions.

    Returns:
        at most `most` of them, commonest first and by label among equals, and how many different ones there are.
    """
    misread = pd.DataFrame(
        [
            (mark.truth, mark.read, Example(page.name, page.image_id, mark.anchor, crop, mark.truth_box))
            for page in pages
            for mark in page.marks
            if mark.kind is Kind.MISREAD and mark.truth and mark.read and mark.truth_box
            for crop in [f"{page.name}.{mark.anchor}"]
        ],
        columns=["truth", "read", "example"],
    )
    annotated = pd.Series(
        [codepoint for page in pages if page.truth is not None for codepoint in page.truth.codepoints], dtype=object
    ).value_counts()
    pairs = misread.groupby(["truth", "read"], as_index=False).agg(
        count=("example", "size"), examples=("example", list)
    )
    ranked = pairs.sort_values(["count", "truth", "read"], ascending=[False, True, True]).head(most)
    listed = [
        Confusion(truth, read, int(times), int(annotated[truth]), tuple(examples[:EXAMPLES]))
        for truth, read, times, examples in ranked.itertuples(index=False)
    ]
    return listed, len(pairs)


def examples_by_page(confusions: Sequence[Confusion]) -> dict[str, list[Example]]:
    """The crops each page must give, by the page's safe file name."""
    wanted: dict[str, list[Example]] = {}
    for confusion in confusions:
        for example in confusion.examples:
            wanted.setdefault(example.page_name, []).append(example)
    return wanted
