import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from detection.heatmap.decode import DecodeConfig, ScoreMaps, decode
from detection.heatmap.network import STRIDE, UNIT
from detection.training.page_store import EXACT
from detection.training.targets import make_targets

METHODS = ("components", "peaks")


def perfect(boxes: list[tuple[float, ...]], size_hw: tuple[int, int] = (192, 192)) -> ScoreMaps:
    """What a network would say that has learned everything."""
    targets = make_targets(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), EXACT, np.uint8), size_hw)
    return ScoreMaps(targets.heat * np.float32(0.9), targets.sides * np.float32(UNIT))


def in_order(boxes: np.ndarray) -> np.ndarray:
    return boxes[np.lexsort((boxes[:, 0], boxes[:, 1]))]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (1, 1), (7, 3)])
def test_nothing_on_empty_maps(method: str, shape: tuple[int, int]) -> None:
    found = decode(ScoreMaps(np.zeros(shape, np.float32), np.ones((4, *shape), np.float32)), DecodeConfig(method))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "boxes",
    [
        [(40.0, 60.0, 72.0, 92.0)],
        [(0.0, 0.0, 20.0, 20.0)],
        [(172.0, 172.0, 192.0, 192.0)],
        [(20.0, 80.0, 100.0, 85.0)],
        [(80.0, 20.0, 84.0, 120.0)],
        [(40.0, 40.0, 72.0, 72.0), (40.0, 72.0, 72.0, 104.0)],
        [(40.0, 40.0, 72.0, 72.0), (72.0, 40.0, 104.0, 72.0)],
        [(10.0, 10.0, 150.0, 160.0)],
    ],
    ids=["one", "corner", "last-corner", "flat", "tall", "touching-below", "touching-beside", "large"],
)
def test_characters_come_back(method: str, boxes: list[tuple[float, ...]]) -> None:
    found = decode(perfect(boxes), DecodeConfig(method))
    np.testing.assert_allclose(in_order(found.boxes), np.array(boxes), atol=0.6)
    np.testing.assert_allclose(found.points, (found.boxes[:, :2] + found.boxes[:, 2:]) / 2)
    assert found.scores == pytest.approx(0.9)
    assert found.boxes.dtype == found.scores.dtype == np.float32


@st.composite
def disjoint_boxes(draw: st.DrawFn) -> list[tuple[float, ...]]:
    """At most one box in each cell of a grid of 48 pixels."""
    boxes = []
    for place in draw(st.lists(st.integers(0, 15), unique=True)):
        width, height = draw(st.floats(12, 47)), draw(st.floats(12, 47))
        x = 48 * (place % 4) + draw(st.floats(0, 1)) * (47 - width)
        y = 48 * (place // 4) + draw(st.floats(0, 1)) * (47 - height)
        boxes.append((x, y, x + width, y + height))
    return boxes


@examples(25)
@given(disjoint_boxes(), st.sampled_from(METHODS))
def test_perfect_maps_of_disjoint_boxes_give_the_boxes_back(boxes: list[tuple[float, ...]], method: str) -> None:
    found = decode(perfect(boxes), DecodeConfig(method)).boxes
    assert len(found) == len(boxes)
    if not boxes:
        return
    away = np.abs(found[:, None] - np.array(boxes)[None]).max(axis=2)
    assert away.min(axis=0).max() <= STRIDE
    assert sorted(away.argmin(axis=1)) == list(range(len(boxes)))


@pytest.mark.parametrize("method", METHODS)
def test_two_hits_in_one_character_are_one(method: str) -> None:
    heat, sides = np.zeros((16, 16), np.float32), np.zeros((4, 16, 16), np.float32)
    for row, score in ((4, 0.7), (5, 0.7), (10, 0.95), (11, 0.95)):
        y = (row + 0.5) * STRIDE
        for column in (7, 8):
            x = (column + 0.5) * STRIDE
            heat[row, column] = score
            sides[:, row, column] = (x - 20, y - 4, 50 - x, 58 - y)
    found = decode(ScoreMaps(heat, sides), DecodeConfig(method, overlap=0.4))
    assert found.scores == pytest.approx([0.95])
    np.testing.assert_allclose(found.boxes, [[20, 4, 50, 58]], atol=1e-3)
    assert len(decode(ScoreMaps(heat, sides), DecodeConfig("components", overlap=1.0))) == 2


def test_a_middle_is_one_component_and_perhaps_several_peaks() -> None:
    heat = np.zeros((12, 20), np.float32)
    heat[5, 4:16] = [0.9, 0.6, 0.8, 0.6, 0.7, 0.6, 0.9, 0.6, 0.8, 0.6, 0.7, 0.6]
    sides = np.full((4, 12, 20), 3.0, np.float32)
    assert len(decode(ScoreMaps(heat, sides), DecodeConfig("components"))) == 1
    assert len(decode(ScoreMaps(heat, sides), DecodeConfig("peaks", peak_reach=1))) == 6
    assert len(decode(ScoreMaps(heat, sides), DecodeConfig("peaks"))) == 2


def test_boxes_of_components_are_weighted_by_score() -> None:
    heat, sides = np.zeros((8, 8), np.float32), np.full((4, 8, 8), 10.0, np.float32)
    heat[4, 3:5] = 0.8, 0.4
    sides[0, 4, 3:5] = 10.0, 10.0 + STRIDE + 10.0  # left edges at 4 and, ten pixels further, at -6
    found = decode(ScoreMaps(heat, sides), DecodeConfig("components", threshold=0.3))
    # All four quarters of the first cell lie in the component, and the two of the second that lie beside it.
    weights = 4 * 0.8**2, 2 * 0.4**2
    assert found.boxes[0, 0] == pytest.approx((weights[0] * 4 + weights[1] * -6) / sum(weights), abs=1e-4)
    assert found.scores == pytest.approx([0.8])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("peak", "count"), [(0.29, 0), (0.35, 0), (0.45, 1)])
def test_weak_middles_are_no_characters(method: str, peak: float, count: int) -> None:
    maps = perfect([(40.0, 40.0, 72.0, 72.0)])
    weak = ScoreMaps(maps.heat * np.float32(peak / 0.9), maps.sides)
    assert len(decode(weak, DecodeConfig(method, threshold=0.3, least_peak=0.4))) == count


@pytest.mark.parametrize(
    "values",
    [
        {"threshold": 0.0},
        {"threshold": 1.0},
        {"threshold": float("nan")},
        {"least_peak": -0.1},
        {"least_peak": 1.0},
        {"overlap": 0.0},
        {"overlap": 1.1},
        {"peak_reach": 0},
    ],
)
def test_settings_out_of_range_are_refused(values: dict) -> None:
    with pytest.raises(ValueError, match="decode needs values"):
        DecodeConfig(**values)
