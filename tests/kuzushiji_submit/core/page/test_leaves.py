"""How large a leaf is in an image that may show many."""

import numpy as np
import pytest

from kuzushiji_submit.core.page.leaves import bounded_side, is_long, leaf_side
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import DrawnPage


@pytest.mark.parametrize(
    ("shape", "long"),
    [
        ((0, 0), False),
        ((0, 9), False),
        ((9, 0, 3), False),
        ((1, 1), False),
        ((1, 2), False),
        ((1, 3), True),
        ((4000, 2400, 3), False),
        ((1500, 1970, 3), False),
        ((2000, 1000), False),
        ((2001, 1000), True),
        ((1500, 5914, 3), True),
    ],
)
def test_a_page_and_an_open_book_are_not_long(shape: tuple[int, ...], long: bool) -> None:
    assert is_long(shape) is long


@pytest.mark.parametrize(
    ("shape", "side"), [((0, 0), 0), ((0, 9), 0), ((1, 1), 1), ((3000, 2000, 3), 3000), ((1500, 60_000), 6000)]
)
def test_the_side_of_a_strip_is_bounded(shape: tuple[int, ...], side: int) -> None:
    assert bounded_side(shape) == side


def ink_of(page: DrawnPage) -> np.ndarray:
    return prepare_page(page.image).ink


@pytest.mark.parametrize("shape", [(0, 0), (0, 9), (1, 1), (1, 400), (400, 1), (2, 400), (300, 200), (900, 90)])
@pytest.mark.parametrize("value", [0, 255])
def test_an_image_without_writing_is_one_leaf(shape: tuple[int, int], value: int) -> None:
    assert leaf_side(np.full(shape, value, np.uint8)) == max(shape)


def test_specks_are_no_writing() -> None:
    ink = np.zeros((60, 900), np.uint8)
    ink[::9, ::9] = 255
    assert leaf_side(ink) == 900


def test_a_page_is_as_long_as_it_is_whatever_is_written_on_it() -> None:
    assert leaf_side(ink_of(DrawnPage.blank(1200, 900).text(size=20))) == 1200


@pytest.mark.parametrize(("hw", "side"), [((600, 4000), (600, 1200)), ((4000, 600), (780, 1200))])
def test_in_a_long_image_characters_tell(hw: tuple[int, int], side: tuple[int, int]) -> None:
    page = DrawnPage.blank(*hw)
    for along in range(60, 3900, 60):
        for across in (100, 200, 300, 400):
            page.glyph(*((along, across) if hw[1] > hw[0] else (across, along)), 36, shape=along // 60)
    assert side[0] <= leaf_side(ink_of(page)) <= side[1]


def test_a_strip_with_one_column_is_one_leaf() -> None:
    page = DrawnPage.blank(1200, 150)
    page.column(30, 60, 90, 9)
    assert leaf_side(ink_of(page)) == 1200
