import cv2
import numpy as np
import pytest

from detection.ink.illustrations import IllustrationConfig, remove_illustrations

UNIT = 40.0


def text(mask: np.ndarray, x: int, y: int, count: int = 6) -> None:
    for k in range(count):
        cv2.rectangle(mask, (x, y + 50 * k), (x + 36, y + 38 + 50 * k), 255, 5)


def clean(mask: np.ndarray) -> np.ndarray:
    return remove_illustrations(mask, UNIT, IllustrationConfig())


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (30, 40)])
def test_nothing_stays_nothing(shape: tuple[int, int]) -> None:
    out = clean(np.zeros(shape, np.uint8))
    assert out.shape == shape
    assert not out.any()


def test_a_page_of_text_stays_as_it_is() -> None:
    mask = np.zeros((600, 500), np.uint8)
    for x in (100, 170, 240):
        text(mask, x, 100, 8)
    cv2.line(mask, (118, 120), (118, 480), 255, 5)
    assert (clean(mask) == mask).all()


def test_a_picture_goes_with_what_is_inside_and_text_beside_it_stays() -> None:
    mask = np.zeros((700, 700), np.uint8)
    text(mask, 80, 100)
    writing = mask.copy()
    cv2.ellipse(mask, (450, 400), (75, 110), 20, 0, 360, 255, 4)
    cv2.circle(mask, (450, 380), 12, 255, 3)
    cv2.line(mask, (420, 430), (470, 435), 255, 4)
    assert (clean(mask) == writing).all()


def test_a_solid_blot_goes() -> None:
    mask = np.zeros((400, 400), np.uint8)
    text(mask, 80, 50)
    writing = mask.copy()
    cv2.circle(mask, (300, 200), 18, 255, -1)
    assert (clean(mask) == writing).all()
