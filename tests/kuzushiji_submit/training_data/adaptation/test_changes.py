"""What changed between two readings of the same pages."""

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.training_data.adaptation.changes import ReadingChanges, compare_readings

CHARSET = Charset(("U+306E", "U+306F", "U+4E00"))


def reading(*characters: tuple[int, int, float], image_id: str = "p") -> PageReading:
    """A page of boxes of 10 x 10 pixels (left side, class id, score)."""
    count = len(characters)
    left = np.array([each[0] for each in characters], np.float32).reshape(count, 1)
    boxes = np.concatenate([left, left * 0, left + 10, left * 0 + 10], axis=1)
    ids = np.array([each[1] for each in characters], np.int64)
    scores = np.array([each[2] for each in characters])
    return PageReading(
        image_id,
        (100, 100),
        CHARSET,
        boxes,
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        np.ones(count, np.float32),
        ids[:, None],
        scores.astype(np.float32)[:, None],
        ids,
        scores,
        np.arange(count),
    )


NOTHING = ReadingChanges(1, 0, 0, 0.0, 0.0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], NOTHING),
        ([(0, 0, 0.1)], [(0, 1, 0.1)], NOTHING),  # neither counts as read
        ([(0, 0, 0.5)], [(0, 0, 0.75)], ReadingChanges(1, 1, 1, 0.5, 0.75, 1, 0)),
        ([(0, 0, 0.5)], [(2, 1, 0.5)], ReadingChanges(1, 1, 1, 0.5, 0.5, 1, 1)),  # the box has moved a little
        ([(0, 0, 0.5)], [(20, 1, 0.5)], ReadingChanges(1, 1, 1, 0.5, 0.5, 0, 0)),  # another place
        ([(0, 0, 0.5), (20, 1, 0.25)], [(0, 0, 0.1), (20, 1, 0.5)], ReadingChanges(1, 2, 1, 0.375, 0.5, 1, 0)),
        ([], [(0, 0, 0.5)], ReadingChanges(1, 0, 1, 0.0, 0.5, 0, 0)),
    ],
)
def test_readings_of_a_page(before: list, after: list, expected: ReadingChanges) -> None:
    assert compare_readings({"p": reading(*before)}, {"p": reading(*after)}, 0.2) == expected


def test_only_pages_that_were_read_both_times_count() -> None:
    page, other = reading((0, 0, 0.5)), reading((0, 1, 0.5))
    found = compare_readings({"p": page, "q": page}, {"p": other, "r": other}, 0.2)
    assert (found.pages, found.changed, found.share_changed) == (1, 1, 1.0)
    assert compare_readings({}, {}, 0.2).share_changed == 0.0
