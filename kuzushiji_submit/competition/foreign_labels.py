"""Labels of a submission that cannot match any truth, because they are no codepoints."""

from collections.abc import Iterable

from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.core.charset import CODEPOINT_PATTERN, probable_codepoint


def describe_foreign_labels(pages: Iterable[PagePoints]) -> str:
    """How many labels are not written like the truth's codepoints, the first of them, and what it should look like.

    The metric compares labels as text: such a label is a false positive wherever its point lies.

    Args:
        pages: the submission.

    Returns:
        one line; empty if every label is a codepoint.
    """
    count, foreign, first = 0, 0, ("", "")
    known: dict[str, bool] = {}
    for page in pages:
        count += len(page)
        for label in page.labels:
            if label not in known:
                known[label] = CODEPOINT_PATTERN.fullmatch(label) is not None
            if not known[label]:
                first = first if foreign else (page.image_id, label)
                foreign += 1
    if not foreign:
        return ""
    image_id, label = first
    meant = probable_codepoint(label)
    advice = f"write {meant}" if meant else "write codepoints like U+306F"
    return (
        f"{foreign} of {count} labels are no codepoints like the truth's and cannot match, the first {label!r} on "
        f"{image_id}: {advice}"
    )
