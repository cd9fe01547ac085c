"""What an adaptation changed in the readings of its pages."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.core.boxes import overlaps
from kuzushiji_submit.reading.page_reading import PageReading

# Two boxes of one page that share this much are the same character (intersection over union).
SAME_BOX = 0.5


@dataclass(frozen=True)
class ReadingChanges:
    """How pages were read before and after.

    Attributes:
        pages: pages that were read both times.
        read_before: characters read before.
        read_after: characters read after.
        confidence_before: mean joint score of the characters read before; 0 without any.
        confidence_after: the same after.
        both: characters that were read both times.
        changed: those of them that were read as another character the second time.
    """

    pages: int
    read_before: int
    read_after: int
    confidence_before: float
    confidence_after: float
    both: int
    changed: int

    @property
    def share_changed(self) -> float:
        """The share of the characters read both times that were read differently; 0 without any."""
        return self.changed / self.both if self.both else 0.0


def compare_readings(
    before: Mapping[str, PageReading], after: Mapping[str, PageReading], min_score: float
) -> ReadingChanges:
    """Compares the readings of the pages that were read both times.

    Args:
        before: everything found on each page.
        after: the same, later.
        min_score: a character counts as read from this joint score on, both times.
    """
    pages = [image_id for image_id in before if image_id in after]
    scores: tuple[list[float], list[float]] = ([], [])
    both = changed = 0
    for image_id in pages:
        first, second = (each[image_id] for each in (before, after))
        first, second = (each.select(each.scores >= min_score) for each in (first, second))
        scores[0].extend(first.scores.tolist())
        scores[1].extend(second.scores.tolist())
        if not (len(first) and len(second)):
            continue
        shared = overlaps(first.boxes, second.boxes)
        partner, found = shared.argmax(axis=1), shared.max(axis=1) >= SAME_BOX
        both += int(found.sum())
        changed += int((first.class_ids[found] != second.class_ids[partner[found]]).sum())
    confidence = [float(np.mean(each)) if each else 0.0 for each in scores]
    return ReadingChanges(len(pages), len(scores[0]), len(scores[1]), confidence[0], confidence[1], both, changed)
