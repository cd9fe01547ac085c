import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import examples

from detection.heatmap.network import STRIDE, UNIT
from detection.training.page_store import EXACT, ROUGH
from detection.training.targets import Targets, make_targets

HW = (96, 96)


def targets(*boxes: tuple[float, ...], kinds: list[int] | None = None, hw: tuple[int, int] = HW) -> Targets:
    return make_targets(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(kinds or [EXACT] * len(boxes), np.uint8), hw
    )


def box_at(made: Targets, row: int, column: int) -> list[float]:
    """The box that a cell says it lies in, in pixels."""
    left, top, right, bottom = made.sides[:, row, column] * UNIT
    y, x = (row + 0.5) * STRIDE, (column + 0.5) * STRIDE
    return [x - left, y - top, x + right, y + bottom]


@pytest.mark.parametrize("hw", [(0, 0), (4, 4), (96, 64)])
def test_nothing_is_known_to_be_nothing(hw: tuple[int, int]) -> None:
    made = targets(hw=hw)
    assert made.heat.shape == made.weight.shape == made.has_sides.shape == (hw[0] // 4, hw[1] // 4)
    assert made.sides.shape == (4, hw[0] // 4, hw[1] // 4)
    assert made.heat.sum() == 0
    assert (made.weight == 1).all()
    assert not made.has_sides.any()


def test_the_middle_of_a_character_is_marked_and_knows_its_sides() -> None:
    box = (16.0, 24.0, 48.0, 72.0)
    made = targets(box)
    rows, columns = np.nonzero(made.heat)
    # Cells whose centers lie in the middle half: x in [24, 40], y in [36, 60].
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (9, 14, 6, 9)
    assert made.heat.sum() == 6 * 4
    assert (made.weight == 1).all()
    np.testing.assert_array_equal(made.has_sides, made.heat > 0)
    for row, column in zip(rows, columns, strict=True):
        assert box_at(made, row, column) == pytest.approx(box)


@pytest.mark.parametrize("box", [(20.0, 40.0, 80.0, 42.0), (40.0, 20.0, 41.0, 80.0), (41.0, 41.0, 43.0, 43.0)])
def test_flat_and_tiny_characters_mark_a_cell_at_least(box: tuple[float, ...]) -> None:
    made = targets(box)
    assert made.heat.any()
    assert made.has_sides.sum() == made.heat.sum()
    # A cell's center outside the box still has a positive distance to its sides.
    assert (made.sides[:, made.has_sides] >= 0.5 / UNIT - 1e-6).all()


@pytest.mark.parametrize("kind", [EXACT, ROUGH])
@pytest.mark.parametrize("box", [(40, 40, 40, 60), (40, 40, 60, 40), (60, 60, 40, 40), (40, 40, 40, 40)])
def test_boxes_without_area_mark_nothing(kind: int, box: tuple[int, ...]) -> None:
    made = targets(box, kinds=[kind])
    assert made.heat.sum() == 0
    assert (made.weight == 1).all()


@pytest.mark.parametrize("kind", [EXACT, ROUGH])
@pytest.mark.parametrize("box", [(-80, 10, -40, 50), (200, 10, 240, 50), (10, -90, 50, -20), (10, 120, 50, 170)])
def test_characters_outside_mark_nothing(kind: int, box: tuple[int, ...]) -> None:
    made = targets(box, kinds=[kind])
    assert made.heat.sum() == 0
    assert not made.has_sides.any()


def test_a_character_over_the_edge_keeps_its_sides() -> None:
    box = (-20.0, 30.0, 20.0, 70.0)
    made = targets(box)
    rows, columns = np.nonzero(made.heat)
    assert columns.max() < 20 / STRIDE
    assert len(rows) > 0
    for row, column in zip(rows, columns, strict=True):
        assert box_at(made, row, column) == pytest.approx(box)


def test_cells_of_two_characters_belong_to_the_nearer_in_its_own_sides() -> None:
    large, small, narrow = (0.0, 16.0, 80.0, 96.0), (50.0, 36.0, 74.0, 76.0), (52.0, 36.0, 60.0, 76.0)
    for boxes in ((small, large), (large, small)):
        made = targets(*boxes)
        # (58, 58) lies in both middles: 18 of 80 pixels from the large one's center, 4 of 24 from the small one's.
        assert box_at(made, 14, 14) == pytest.approx(small)
        assert box_at(made, 14, 13) == pytest.approx(large)
        assert made.heat[14, 13] == made.heat[14, 14] == 1
    # 2 of 8 pixels are farther than 18 of 80.
    assert box_at(targets(narrow, large), 14, 14) == pytest.approx(large)


def test_a_rough_character_is_sure_in_its_inmost_part_only() -> None:
    made = targets((20.0, 20.0, 60.0, 60.0), kinds=[ROUGH])
    assert made.heat[9:11, 9:11].min() == 1
    assert made.weight[9:11, 9:11].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert made.weight[4, 4] == 0  # (18, 18), within 1.3 times the box
    assert made.weight[6, 10] == 0
    assert made.weight[1, 1] == 1
    assert not made.has_sides.any()
    assert (made.weight[made.heat == 0] != 0.5).all()


def test_exact_characters_have_the_last_word() -> None:
    exact, rough = (20.0, 20.0, 60.0, 60.0), (20.0, 44.0, 60.0, 84.0)
    for boxes, kinds in (((exact, rough), [EXACT, ROUGH]), ((rough, exact), [ROUGH, EXACT])):
        made = targets(*boxes, kinds=kinds)
        alone = targets(exact)
        inside = (slice(5, 15), slice(5, 15))
        np.testing.assert_array_equal(made.weight[inside], 1)
        np.testing.assert_array_equal(made.heat[inside], alone.heat[inside])
        assert made.heat[16, 10] == 1  # (42, 66), in the rough one's inmost part
        assert made.weight[19, 6] == 0
    inmost = targets(exact, (30.0, 40.0, 50.0, 80.0), kinds=[EXACT, ROUGH])
    assert inmost.heat[14, 10] == 0  # (42, 58) lies in the rough one's inmost part and at the exact one's rim


@examples(40)
@given(st.lists(st.tuples(*[st.floats(-150, 250, width=32)] * 4, st.sampled_from([EXACT, ROUGH])), max_size=8))
@example([(0.0, 0.0, 1.0, 1.401298464324817e-45, EXACT)])
def test_any_boxes_give_finite_targets(boxes: list[tuple[float, ...]]) -> None:
    made = targets(*[box[:4] for box in boxes], kinds=[int(box[4]) for box in boxes])
    assert np.isfinite(made.sides).all()
    assert set(np.unique(made.heat)) <= {0.0, 1.0}
    assert set(np.unique(made.weight)) <= {0.0, 0.5, 1.0}
    assert (made.heat[made.has_sides] == 1).all()
    assert (made.sides[:, made.has_sides] > 0).all()
