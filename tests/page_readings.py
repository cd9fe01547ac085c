"""Readings of pages from a few characters, for tests."""

from collections.abc import Sequence

import numpy as np

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.page_reading import PageReading


def page_reading(
    image_id: str,
    characters: Sequence[Character] = (),
    size_hw: tuple[int, int] = (1000, 800),
    charset: Charset | None = None,
) -> PageReading:
    """The record of characters that all have the same number of alternatives, or none, and so with the eye's."""
    tops = [one.alternatives or (Alternative(one.codepoint, 1.0),) for one in characters]
    eyes = [one.eye for one in characters if one.eye]
    codepoints = [one.codepoint for one in characters]
    codepoints += [other.codepoint for readings in (*tops, *eyes) for other in readings]
    charset = charset or Charset.from_labels(codepoints or ["U+306F"])
    shape = (len(tops), len(tops[0]) if tops else 1)
    boxes = np.array([one.box for one in characters], np.float32).reshape(-1, 4)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    points = [one.point or tuple(middle) for one, middle in zip(characters, middles.tolist(), strict=True)]
    return PageReading(
        image_id,
        size_hw,
        charset,
        boxes=boxes,
        points=np.array(points, np.float32).reshape(-1, 2),
        detection_scores=np.array([one.detection_score for one in characters], np.float32),
        top_ids=np.array([charset.class_ids([other.codepoint for other in top]) for top in tops], np.int64).reshape(
            shape
        ),
        top_scores=np.array([[other.score for other in top] for top in tops], np.float32).reshape(shape),
        class_ids=np.array(charset.class_ids([one.codepoint for one in characters]), np.int64),
        scores=np.array([one.score for one in characters], np.float64),
        order=np.arange(len(characters)),
        eye_ids=np.array([charset.class_ids([one.codepoint for one in eye]) for eye in eyes]) if eyes else None,
        eye_scores=np.array([[one.score for one in eye] for eye in eyes], np.float32) if eyes else None,
    )
