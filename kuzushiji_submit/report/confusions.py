"""Which character is read for which, how often, and where to see it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.model import Kind, PagePlan

MOST = 60  # confusions listed
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


def find_confusions(pages: Sequence[PagePlan], most: int = MOST) -> tuple[list[Confusion], int]:
    """The commonest confusions.

    Returns:
        at most `most` of them, commonest first and by label among equals, and how many different ones there are.
    """
    counts: Counter[tuple[str, str]] = Counter()
    annotated: Counter[str] = Counter()
    examples: dict[tuple[str, str], list[Example]] = {}
    for page in pages:
        annotated.update(page.truth.codepoints if page.truth is not None else ())
        for mark in page.marks:
            if mark.kind is Kind.MISREAD and mark.truth and mark.read and mark.truth_box:
                pair = (mark.truth, mark.read)
                counts[pair] += 1
                known = examples.setdefault(pair, [])
                if len(known) < EXAMPLES:
                    crop_name = f"{page.name}.{mark.anchor}"
                    known.append(Example(page.name, page.image_id, mark.anchor, crop_name, mark.truth_box))
    ranked = sorted(counts, key=lambda pair: (-counts[pair], pair))[:most]
    listed = [Confusion(*pair, counts[pair], annotated[pair[0]], tuple(examples[pair])) for pair in ranked]
    return listed, len(counts)


def examples_by_page(confusions: Sequence[Confusion]) -> dict[str, list[Example]]:
    """The crops each page must give, by the page's safe file name."""
    wanted: dict[str, list[Example]] = {}
    for confusion in confusions:
        for example in confusion.examples:
            wanted.setdefault(example.page_name, []).append(example)
    return wanted
