import numpy as np
import pytest

from kuzushiji_submit.synthetic import illustration
from kuzushiji_submit.synthetic.figures import draw_figure, draw_thing
from kuzushiji_submit.synthetic.illustration import draw_picture
from kuzushiji_submit.synthetic.plants import draw_pine, draw_plant

SCENES = ("_people", "_landscape", "_table", "_garden")


@pytest.mark.parametrize("area", [(0, 0, 0, 0), (10, 10, 20, 200), (500, 500, 900, 900), (-90, -90, -10, -10)])
def test_no_room_no_picture(area):
    canvas = np.zeros((300, 240), np.uint8)
    draw_picture(canvas, area, 2.0, np.random.default_rng(0))
    assert not canvas.any()


def test_picture_stays_in_its_area_and_hides_no_ink():
    for seed in range(12):
        canvas = np.zeros((300, 240), np.uint8)
        canvas[100:110] = 200
        draw_picture(canvas, (-20.0, 60.0, 150.0, 260.0), 1.5, np.random.default_rng(seed))
        assert canvas[60:260, :150].sum() > 200 * 10 * 150
        assert (canvas[100:110] >= 200).all()
        canvas[60:260, :150] = canvas[100:110] = 0
        assert not canvas.any()


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("size_hw", [(24, 24), (200, 60), (60, 200), (160, 160)])
def test_every_scene_draws_lines_and_leaves_paper(name, size_hw):
    for seed in range(4):
        scene = np.zeros(size_hw, np.uint8)
        getattr(illustration, name)(scene, 1.2, np.random.default_rng(seed))
        assert scene.any()
        assert (scene == 0).mean() > (0.1 if min(size_hw) > 50 else 0.01)


def test_figures_are_where_they_are_put():
    for seed in range(6):
        scene = np.zeros((400, 400), np.uint8)
        draw_figure(scene, np.array([200.0, 380.0]), 300.0, 3.0, np.random.default_rng(seed))
        rows, columns = np.nonzero(scene)
        assert rows.max() == pytest.approx(380, abs=15)
        assert 100 < rows.max() - rows.min() < 340
        assert columns.mean() == pytest.approx(200, abs=40)


@pytest.mark.parametrize("draw", [draw_plant, draw_thing, draw_figure])
@pytest.mark.parametrize("place", [(-500.0, -500.0), (5.0, 5.0), (95.0, 95.0)])
def test_drawing_over_the_edge_is_no_fault(draw, place):
    scene = np.zeros((100, 100), np.uint8)
    draw(scene, np.array(place), 40.0, 1.0, np.random.default_rng(0))
    assert scene.any() == (place[0] > 0)


def test_pines_differ_by_seed_alone():
    first, again, other = (np.zeros((150, 150), np.uint8) for _ in range(3))
    for scene, seed in ((first, 1), (again, 1), (other, 2)):
        draw_pine(scene, 1.0, np.random.default_rng(seed))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
