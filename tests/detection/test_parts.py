"""Images of many leaves in parts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.detections import Detections
from detection.parts import LONGEST, SHORTEST, Part, detect_in_parts, find_cuts, join, page_parts
from kuzushiji_submit.core.page.page_parts import Window
from kuzushiji_submit.core.page.prepared import PreparedPage, prepare_page
from tests.drawn_pages import DrawnPage


def leaf(height: int = 600, width: int = 420, seed: int = 0) -> np.ndarray:
    """A leaf of 7 columns of 15 characters with a margin around them."""
    page = DrawnPage.blank(height, width, seed=seed)
    for k in range(7):
        page.column(70 + 42 * k, 70, 24, 15)
    return page.image


def wide(leaves: int) -> PreparedPage:
    return prepare_page(np.concatenate([leaf(seed=k) for k in range(leaves)], axis=1))


def tall(leaves: int) -> PreparedPage:
    return prepare_page(np.concatenate([leaf(seed=k) for k in range(leaves)], axis=0))


@pytest.mark.parametrize("hw", [(0, 0), (0, 9), (9, 0), (1, 1), (1, 700), (700, 1), (3, 4000), (600, 420), (600, 1200)])
def test_a_page_an_open_book_and_what_is_blank_are_one_part(hw: tuple[int, int]) -> None:
    page = prepare_page(np.full((*hw, 3), 220, np.uint8))
    assert page_parts(page) == [Part(Window(0, 0, hw[1], hw[0]), 0, max(hw))]


def test_leaves_are_cut_between() -> None:
    for page, side in ((wide(6), 420), (tall(6), 600)):
        parts = page_parts(page)
        assert parts[0].begin == 0
        assert parts[-1].end == max(page.size_hw)
        assert all(before.end == after.begin for before, after in pairwise(parts))
        # No cut goes through the text, which ends 70 pixels or more before the leaf does.
        for part in parts[1:]:
            assert min(part.begin % side, side - part.begin % side) < 70
        # In a wide gap nothing of the neighbor is seen, and that part of the page alone is read.
        assert len(parts) >= 3
        for part in parts:
            first, last = (part.window.left, part.window.right)
            if page.size_hw[0] > page.size_hw[1]:
                first, last = (part.window.top, part.window.bottom)
            assert first <= part.begin < part.end <= last
            assert last - first < part.end - part.begin + 160


def test_text_without_gaps_is_cut_where_it_is_thinnest_and_seen_from_both_sides() -> None:
    page = DrawnPage.blank(600, 4000)
    for k in range(110):
        page.column(20 + 36 * k, 30, 24, 18)
    parts = page_parts(prepare_page(page.image))
    assert len(parts) > 3
    for before, after in pairwise(parts):
        assert before.window.right - after.window.left > 5 * 24


STRETCHES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0.0, 0.5, 20.0, 90.0])), max_size=9)


@given(STRETCHES, st.integers(1, 90))
def test_cuts_are_in_order_and_parts_have_their_length(stretches: list[tuple[int, float]], leaf_px: int) -> None:
    ink = np.array([value for length, value in stretches for _ in range(length)], np.float64)
    cuts = find_cuts(ink, leaf_px)
    places = [0, *(cut.place for cut in cuts), len(ink)]
    for number, (before, after) in enumerate(pairwise(places)):
        assert after > before or len(ink) == 0
        assert after - before <= max(2, LONGEST * leaf_px + 1)
        if number < len(cuts):
            assert after - before >= round(SHORTEST * leaf_px)
    assert all(cut.place - cut.context >= 0 and cut.place + cut.context <= len(ink) for cut in cuts)


def detections(*boxes: tuple[float, ...], scores: tuple[float, ...] = ()) -> Detections:
    found = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(found, np.array(scores or (0.9,) * len(found), np.float32))


LEFT, RIGHT = Part(Window(0, 0, 600, 100), 0, 500), Part(Window(400, 0, 1000, 100), 500, 1000)


def test_nothing_joined_is_nothing() -> None:
    assert len(join((0, 0), [])) == 0
    assert len(join((100, 1000), [(LEFT, Detections.empty()), (RIGHT, Detections.empty())])) == 0


def test_what_is_found_is_put_where_it_is_on_the_page() -> None:
    found = join((100, 1000), [(LEFT, detections((10, 20, 30, 40))), (RIGHT, detections((300, 5, 340, 45)))])
    assert found.boxes.tolist() == [[10, 20, 30, 40], [700, 5, 740, 45]]
    assert found.points.tolist() == [[20, 30], [720, 25]]


def test_a_character_belongs_to_the_part_that_its_middle_lies_in() -> None:
    far = (540, 20, 580, 60)  # the left part sees it, and the right one answers for it
    found = join((100, 1000), [(LEFT, detections(far, scores=(0.99,))), (RIGHT, detections((140, 20, 180, 60)))])
    assert found.boxes.tolist() == [[540, 20, 580, 60]]
    assert found.scores.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize("shift", [-8, 0, 8])
@pytest.mark.parametrize("surer", ["left", "right"])
def test_a_character_at_a_cut_is_counted_once(shift: int, surer: str) -> None:
    left = detections((480, 20, 520, 60), (100, 20, 140, 60), scores=(0.8 if surer == "left" else 0.6, 0.9))
    right = detections((80 + shift, 20, 120 + shift, 60), (130, 20, 170, 60), scores=(0.7, 0.9))
    found = join((100, 1000), [(LEFT, left), (RIGHT, right)])
    assert len(found) == 3
    at_cut = found.select((found.boxes[:, 0] > 450) & (found.boxes[:, 0] < 500))
    assert at_cut.scores.tolist() == pytest.approx([0.8 if surer == "left" else 0.7])


def test_parts_one_above_the_other_are_joined_alike() -> None:
    upper, lower = Part(Window(0, 0, 100, 600), 0, 500), Part(Window(0, 400, 100, 1000), 500, 1000)
    found = join((1000, 100), [(upper, detections((20, 480, 60, 520))), (lower, detections((20, 82, 60, 122)))])
    assert len(found) == 1


class _Pixels:
    """Finds one character in the middle of whatever it is shown, and notes how large that was."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, page: PreparedPage) -> "_Pixels":
        self.seen.append(page.size_hw)
        height, width = page.size_hw
        self.detections = detections((width / 2 - 20, height / 2 - 20, width / 2 + 20, height / 2 + 20))
        return self


def test_a_page_is_read_as_it_is() -> None:
    page, reader = prepare_page(leaf()), _Pixels()
    assert detect_in_parts(page, reader) is reader.detections
    assert reader.seen == [(600, 420)]


def test_every_part_is_read_as_a_page() -> None:
    page, reader = wide(6), _Pixels()
    found = detect_in_parts(page, reader)
    assert len(reader.seen) == len(found) == len(page_parts(page))
    assert (np.diff(found.points[:, 0]) > 300).all()
