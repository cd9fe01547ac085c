"""The record that crosses every border."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.detections import Detections
from kuzushiji_submit.competition.submission import MAX_POINTS
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.page_reading import PageReading, to_decimals
from recognition.recognitions import Recognitions
from tests.page_readings import page_reading

CHARSET = Charset(("U+306E", "U+306F", "U+4E00"))


def joined(count: int = 3, embeddings: bool = False) -> PageReading:
    """A column of characters, found from the bottom to the top."""
    tops = np.arange(count, dtype=np.float32)[::-1] * 100
    boxes = np.stack([tops * 0 + 10, tops, tops * 0 + 60, tops + 50], axis=1)
    found = Detections(boxes, np.linspace(0.5, 1, count, dtype=np.float32))
    ids = np.tile(np.array([1, 0]), (count, 1))
    scores = np.tile(np.array([0.75, 0.25], np.float32), (count, 1))
    vectors = np.arange(2 * count, dtype=np.float32).reshape(count, 2) if embeddings else None
    return PageReading.of("p", (900, 700), CHARSET, found, Recognitions(ids, scores, vectors))


def test_detector_and_recognizer_are_joined() -> None:
    reading = joined()
    assert reading.codepoints == ("U+306F",) * 3
    assert reading.scores.tolist() == [0.375, 0.5625, 0.75]
    assert reading.order.tolist() == [2, 1, 0]
    assert reading.points.tolist() == [[35, 225], [35, 125], [35, 25]]


def test_an_empty_page_is_a_page() -> None:
    reading = PageReading.of("p", (0, 0), CHARSET, Detections.empty(), Recognitions.empty(5))
    for empty in (reading, reading.rounded(), reading.select(np.zeros(0, np.bool_)), reading.with_alternatives(2)):
        assert len(empty) == 0
        assert len(empty.to_points()) == 0
        assert empty.codepoints == ()
        assert empty.order.tolist() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("boxes", np.zeros((3, 3), np.float32)),
        ("points", np.zeros((2, 2), np.float32)),
        ("detection_scores", np.zeros(4, np.float32)),
        ("top_ids", np.zeros(3, np.int64)),
        ("top_scores", np.zeros((3, 1), np.float32)),
        ("class_ids", np.zeros((3, 1), np.int64)),
        ("scores", np.zeros(0)),
        ("order", np.array([0, 1])),
        ("order", np.array([0, 1, 1])),
        ("embeddings", np.zeros((2, 8), np.float32)),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(field: str, value: np.ndarray) -> None:
    with pytest.raises(ValueError, match=field):
        replace(joined(), **{field: value})


@given(st.lists(st.booleans(), max_size=12))
def test_the_order_of_a_selection_is_the_order_of_what_is_left(kept: list[bool]) -> None:
    whole = joined(len(kept), embeddings=True)
    mask = np.array(kept, np.bool_)
    part = whole.select(mask)
    in_order = [place for place in whole.order if mask[place]]
    np.testing.assert_array_equal(part.boxes[part.order], whole.boxes[in_order])
    np.testing.assert_array_equal(part.embeddings[part.order], whole.embeddings[in_order])


def test_another_reading_is_scored_anew() -> None:
    reading = joined(2)
    other = reading.reread(reading.top_ids[:, ::-1], np.array([[0.5, 0.25], [1, 0]], np.float32))
    assert other.codepoints == ("U+306E",) * 2
    assert other.scores.tolist() == [0.25, 1.0]
    doubted = reading.reread(reading.top_ids, reading.top_scores, np.array([0, 1], np.float32), np.array([0, 1]))
    assert doubted.scores.tolist() == [0, 0.75]
    assert doubted.order.tolist() == [0, 1]
    assert reading.order.tolist() == [1, 0]


def test_what_the_recognizer_alone_said_is_kept_through_every_further_reading() -> None:
    reading = joined(2)
    assert reading.eye_ids is None
    once = reading.reread(reading.top_ids[:, ::-1], np.array([[0.5, 0.25], [1, 0]], np.float32))
    twice = once.reread(once.top_ids[:, ::-1], once.top_scores)
    for other in (once, twice):
        np.testing.assert_array_equal(other.eye_ids, reading.top_ids)
        np.testing.assert_array_equal(other.eye_scores, reading.top_scores)
    first = twice.select(np.array([False, True])).with_alternatives(1)
    np.testing.assert_array_equal(first.eye_ids, reading.top_ids[1:, :1])


def test_other_scores_change_nothing_else() -> None:
    reading = joined(2)
    other = reading.rescored(np.array([0.125, 0.5]))
    assert other.scores.tolist() == [0.125, 0.5]
    assert other.codepoints == reading.codepoints


def test_half_of_what_the_eye_said_is_refused() -> None:
    reading = joined(2)
    with pytest.raises(ValueError, match="belong together"):
        replace(reading, eye_ids=reading.top_ids)


sides = st.tuples(st.floats(0, 4000), st.floats(0, 4000), st.floats(0.1, 300), st.floats(0.1, 300))


@given(st.lists(sides, max_size=5))
def test_centers_lie_strictly_inside_their_boxes(boxes: list[tuple[float, float, float, float]]) -> None:
    page = page_reading("p", [Character((x, y, x + w, y + h), "U+306F", 0.5, 0.5) for x, y, w, h in boxes])
    assert (page.centers > page.boxes[:, :2]).all()
    assert (page.centers < page.boxes[:, 2:]).all()


@pytest.mark.parametrize(
    ("box", "point", "center"),
    [
        ((0, 0, 5, 20), None, (2.0, 10.0)),
        ((0, 0, 1, 20), None, (0.5, 10.0)),
        ((0, 0, 10, 20), (3.4, 5.6), (3.0, 6.0)),
    ],
)
def test_centers_are_whole_pixels_where_they_can_be(box: tuple, point: tuple | None, center: tuple) -> None:
    character = Character(box, "U+306F", 0.5, 0.5, point=point)
    assert page_reading("p", [character]).centers.tolist() == [list(center)]
    assert character.center == center


def test_points_are_capped_by_score() -> None:
    many = [Character((0, 0, 10, 10), "U+306F", place / 2000, 1.0) for place in range(MAX_POINTS + 5)]
    assert len(page_reading("p", many).to_points()) == MAX_POINTS


scores = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(sides, scores, scores, scores), max_size=5))
def test_what_is_rounded_twice_is_rounded_once(characters: list) -> None:
    page = page_reading(
        "p",
        [
            Character((x, y, x + w, y + h), "U+306F", one * two, one, (Alternative("U+306F", two),))
            for (x, y, w, h), one, two, _ in characters
        ],
    )
    once = page.rounded()
    for name, decimals in (("boxes", 1), ("detection_scores", 5), ("top_scores", 5), ("scores", 5)):
        written = to_decimals(getattr(once, name))
        assert to_decimals(getattr(once.rounded(), name)) == written
        assert [round(value, decimals) for value in np.ravel(written).tolist()] == np.ravel(written).tolist()
        np.testing.assert_allclose(getattr(once, name), getattr(page, name), atol=0.501 * 10**-decimals, rtol=1e-6)
