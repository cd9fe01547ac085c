import cv2
import numpy as np
import pytest

from kuzushiji_submit.synthetic.likeness import measure_page

PAPER, INK = 220, 60


def page(
    width: int = 6, blur: float = 0.0, halo: int = 0, grain: float = 0.0, size: int = 48
) -> tuple[np.ndarray, np.ndarray]:
    """Crosses, one a box, on paper; widths, blur and halo in pixels."""
    gray = np.full((400, 300), PAPER, np.float32)
    boxes = [(x, y, x + size, y + size) for y in range(30, 330, 90) for x in range(30, 240, 90)]
    for x, y, _, _ in boxes:
        middle = size // 2
        for reach, tone in ((halo, PAPER - 12), (0, INK)):
            low, high = middle - width // 2 - reach, middle - width // 2 + width + reach
            gray[y + low : y + high, x : x + size] = np.minimum(gray[y + low : y + high, x : x + size], tone)
            gray[y : y + size, x + low : x + high] = np.minimum(gray[y : y + size, x + low : x + high], tone)
    if blur:
        gray = cv2.GaussianBlur(gray, (0, 0), blur)
    gray += grain * np.random.default_rng(0).standard_normal(gray.shape)
    return cv2.cvtColor(gray.clip(0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB), np.array(boxes, np.float32)


@pytest.mark.parametrize(
    ("image", "boxes"),
    [
        (np.full((40, 40, 3), 200, np.uint8), np.zeros((0, 4))),
        (np.full((40, 40, 3), 200, np.uint8), np.array([[5, 5, 30, 30]])),
        (np.full((40, 40, 3), 200, np.uint8), np.array([[5, 5, 5, 5]])),
        (np.zeros((40, 40, 3), np.uint8), np.array([[60, 60, 90, 90]])),
        (np.zeros((40, 40, 3), np.uint8), np.array([[30, 30, 20, 20]])),
    ],
)
def test_nothing_to_measure_gives_none(image, boxes):
    assert measure_page(image, boxes) is None


@pytest.mark.parametrize("width", [3, 6, 10])
@pytest.mark.parametrize("blur", [0.0, 0.8])
def test_stroke_width_is_a_part_of_the_character(width, blur):
    likeness = measure_page(*page(width, blur), size=0)
    assert likeness.stroke == pytest.approx(width / 48, abs=0.015)


def test_size_of_the_scan_does_not_matter_to_lengths():
    image, boxes = page(6)
    larger = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    small, large = measure_page(image, boxes), measure_page(larger, boxes * 2)
    assert large.stroke == pytest.approx(small.stroke, abs=0.01)
    assert large.ink_share == pytest.approx(small.ink_share, abs=0.02)


def test_each_measure_answers_to_its_cause():
    plain = measure_page(*page(), size=0)
    assert measure_page(*page(blur=1.2), size=0).edge > 1.3 * plain.edge
    assert measure_page(*page(halo=7), size=0).halo == pytest.approx((PAPER - 12) / PAPER, abs=0.01)
    assert plain.halo == pytest.approx(1.0)
    assert plain.brightness == pytest.approx(INK / PAPER, abs=0.01)
    assert plain.grain == 0
    assert measure_page(*page(grain=5), size=0).grain == pytest.approx(5, abs=1.5)
    assert measure_page(*page(10), size=0).ink_share > plain.ink_share
    assert plain.saturation == 0


def test_a_red_seal_is_no_ink():
    image, boxes = page()
    sealed = image.copy()
    cv2.rectangle(sealed, (34, 34), (74, 50), (PAPER, 90, 90), -1)
    sealed[image[..., 0] < 128] = INK
    assert measure_page(sealed, boxes[:1], size=0).stroke == pytest.approx(
        measure_page(image, boxes[:1], size=0).stroke
    )
