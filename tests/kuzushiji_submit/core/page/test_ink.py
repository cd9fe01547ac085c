import cv2
import numpy as np
import pytest

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import INK, PAPER, SEAL, DrawnPage


@pytest.fixture
def drawn() -> DrawnPage:
    return DrawnPage.blank()


def ink_map(page: np.ndarray, config: InkConfig = DEFAULT_INK) -> np.ndarray:
    return prepare_page(page, config).ink


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (5, 0, 3), (1, 1, 3), (3, 700, 3), (700, 3, 3)])
@pytest.mark.parametrize("value", [0, 130, 255])
def test_degenerate_pages_have_no_ink(shape: tuple[int, int, int], value: int) -> None:
    ink = ink_map(np.full(shape, value, np.uint8))
    assert ink.shape == shape[:2]
    assert ink.dtype == np.uint8
    assert not ink.any()


@pytest.mark.parametrize(
    "page", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3), np.float32)]
)
def test_a_page_of_the_wrong_kind_is_refused_with_its_kind(page: np.ndarray) -> None:
    with pytest.raises(PageReadError, match=r"\(H, W, 3\), got"):
        ink_map(page)


def test_paper_is_zero_and_ink_is_dark(drawn: DrawnPage) -> None:
    drawn.text()
    ink = ink_map(drawn.image)
    written = (drawn.image.astype(int).sum(axis=2) < sum(INK) + 30) & (np.abs(ink.astype(int)) >= 0)
    assert np.median(ink[written]) > 200
    assert (ink[:150] == 0).mean() > 0.999


def test_the_ink_is_soft(drawn: DrawnPage) -> None:
    drawn.text()
    values = np.unique(ink_map(drawn.image))
    assert len(values) > 50


def test_paper_stays_zero_under_shadow_and_stain(drawn: DrawnPage) -> None:
    drawn.text()
    plain = ink_map(drawn.image)
    shadow = np.linspace(0.6, 1.0, drawn.image.shape[1])[None, :, None]
    dark = (drawn.image * shadow).astype(np.uint8)
    cv2.circle(dark, (450, 1000), 150, (150, 125, 80), -1)
    ink = ink_map(dark)
    far = cv2.dilate(plain, np.ones((25, 25), np.uint8)) == 0
    far[830:1170, 280:620] = False
    assert (ink[far] > 60).mean() < 0.001
    assert np.median(ink[plain > 200]) > 150


def test_a_red_seal_goes_and_the_ink_under_it_stays(drawn: DrawnPage) -> None:
    drawn.text()
    plain = ink_map(drawn.image)
    drawn.seal(140, 250, 200)
    drawn.seal(600, 900, 180)
    ink = ink_map(drawn.image)
    assert (ink[900:1080, 600:780] > 60).mean() < 0.01
    assert np.median(ink[250:450, 140:340][plain[250:450, 140:340] > 200]) > 120


def test_brown_seal_strokes_go_only_with_red_suppression(drawn: DrawnPage) -> None:
    drawn.text()
    cv2.rectangle(drawn.image, (620, 920), (760, 1060), (120, 50, 45), 8)
    seal = (slice(918, 923), slice(625, 755))
    assert ink_map(drawn.image, InkConfig(remove_lines=False))[seal].max() < 90
    assert np.median(ink_map(drawn.image, InkConfig(remove_lines=False, red_suppression=0.0))[seal]) > 90


def test_a_stroke_is_carried_on_under_an_opaque_seal_line(drawn: DrawnPage) -> None:
    cv2.line(drawn.image, (300, 360), (300, 460), INK, 12)
    for y in (385, 425):
        cv2.line(drawn.image, (250, y), (350, y), SEAL, 3)
    ink = ink_map(drawn.image)
    assert (ink[365:455, 300] > 60).all()
    assert ink[385, 255:285].max() < 60


def test_show_through_is_weaker_than_ink(drawn: DrawnPage) -> None:
    drawn.text(columns=3)
    faint = (185, 175, 150)
    for row in range(6):
        drawn.glyph(620, 220 + 90 * row, 60, color=faint, shape=row)
    ink = ink_map(drawn.image)
    assert ink[200:800, 600:700].max() < 60


def test_frame_lines_go_and_characters_that_touch_them_stay(drawn: DrawnPage) -> None:
    drawn.text()
    plain = ink_map(drawn.image)
    drawn.frame(100, 160, 760, 1000)
    cv2.line(drawn.image, (122, 200), (168, 230), INK, 6)
    drawn.frame(140, 130, 800, 1100)
    ink = ink_map(drawn.image)
    assert ink[400:900, 98:104].max() < 60
    assert (ink[plain > 200] > 100).mean() > 0.9
    with_lines = ink_map(drawn.image, InkConfig(remove_lines=False))
    assert with_lines[400:900, 99:102].min() > 150


def test_the_scanner_background_is_no_ink(drawn: DrawnPage) -> None:
    drawn.text()
    page = np.full((1400, 1100, 3), 25, np.uint8)
    page[100:1300, 100:1000] = drawn.image
    ink = ink_map(page)
    assert not ink[:90].any()
    assert not ink[:, :90].any()
    assert (ink[300:900, 240:700] > 100).mean() > 0.05


def test_reading_tells_the_lines(drawn: DrawnPage) -> None:
    drawn.frame(100, 160, 760, 1000)
    lines = prepare_page(drawn.image).lines
    assert lines is not None
    assert lines.vertical[:, 25].any()
    assert lines.horizontal[40].any()
    assert not lines.vertical[:, 100].any()


def test_the_page_is_not_written_to(drawn: DrawnPage) -> None:
    drawn.text()
    drawn.seal(140, 250, 200)
    before = drawn.image.copy()
    ink_map(drawn.image)
    assert (drawn.image == before).all()
    assert tuple(PAPER) != tuple(INK)


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = np.random.default_rng(3).integers(0, 255, (97, 61, 3), dtype=np.uint8)
    whole = ink_map(page)
    monkeypatch.setattr("kuzushiji_submit.core.page.ink.STRIP_ROWS", 7)
    assert np.array_equal(ink_map(page), whole)
    assert whole.any()
