import cv2
import numpy as np
import pytest

from kuzushiji_submit.core.page.character_size import estimate_character_size
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import DrawnPage


@pytest.mark.parametrize("mask", [np.zeros((0, 0), np.uint8), np.zeros((1, 1), np.uint8), np.zeros((90, 70), np.uint8)])
def test_nothing_has_no_size(mask: np.ndarray) -> None:
    assert estimate_character_size(mask) == 0.0


def test_a_full_page_has_no_size() -> None:
    assert estimate_character_size(np.full((90, 70), 255, np.uint8)) == 0.0


@pytest.mark.parametrize("size", [24, 40, 60, 90])
def test_the_size_of_drawn_characters_is_found(size: int) -> None:
    page = DrawnPage.blank(1500, 1100)
    page.text(size=size, rows=6)
    found = estimate_character_size(np.asarray(prepare_page(page.image).ink > 90, np.uint8))
    assert found == pytest.approx(size, rel=0.15)


def test_small_writing_and_specks_beside_it_change_little() -> None:
    page = DrawnPage.blank()
    page.text(size=60)
    for k in range(20):
        page.glyph(225 + 108 * (k % 5), 210 + 110 * (k // 5), 18, shape=k)
        cv2.circle(page.image, (40 + 40 * k, 100), 2, (40, 40, 40), -1)
    found = estimate_character_size(np.asarray(prepare_page(page.image).ink > 90, np.uint8))
    assert found == pytest.approx(60, rel=0.2)


def test_joined_columns_do_not_look_like_large_characters() -> None:
    mask = np.zeros((1200, 900), np.uint8)
    for x in (100, 300, 500):
        for y in range(100, 220, 60):
            cv2.rectangle(mask, (x, y), (x + 49, y + 49), 255, 6)
        cv2.line(mask, (x + 25, 100), (x + 25, 260), 255, 6)
    assert estimate_character_size(mask) == pytest.approx(53, abs=5)


def test_columns_written_in_one_stroke_have_their_width() -> None:
    mask = np.zeros((1200, 900), np.uint8)
    for x in (100, 300, 500):
        for y in range(100, 900, 60):
            cv2.rectangle(mask, (x, y), (x + 49, y + 49), 255, 6)
        cv2.line(mask, (x + 25, 100), (x + 25, 900), 255, 6)
    assert estimate_character_size(mask) == pytest.approx(53, abs=5)
